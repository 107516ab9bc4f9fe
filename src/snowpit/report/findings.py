"""One finding on the page: claim, chain, evidence for and against, what would change the verdict, remedies."""

from collections.abc import Sequence

from snowpit.model.finding import Finding, Link, Remedy, Role, Statement
from snowpit.report.content import Block, Bullets, Chain, Paragraph, Section, Step

ROLES = {
    Role.CAUSE: "cause",
    Role.SUSTAINS: "keeps the trouble going",
    Role.SYMPTOM: "symptom, not a cause by itself",
    Role.VICTIM: "victim",
}
MOST_POINTERS = 3


def name(finding: Finding) -> str:
    """Heading of a finding."""
    return finding.title or finding.id.replace("_", " ")


def section(finding: Finding, *, number: int, of: int, chain: Sequence[Link]) -> Section:
    """A supported finding in full.

    Args:
        finding: The finding.
        number: Its rank.
        of: How many supported findings there are.
        chain: The causal chain, to be shown with the first finding.
    """
    blocks: list[Block] = [Paragraph(finding.claim, "strong")]
    if chain:
        steps = tuple(Step(link.stage, link.text, link.known) for link in chain)
        blocks.append(Section("How it hangs together", (Chain(steps),)))
    blocks += _statements("Evidence for", finding.evidence_for, "+")
    blocks += _statements("Evidence against", finding.evidence_against, "-")
    blocks += _doubts(finding)
    blocks += _remedies(finding.remedies)
    if finding.sources:
        blocks.append(Section("Sources", (Bullets(finding.sources),)))
    note = f"{ROLES[finding.role]}; {finding.id}; {number} of {of}"
    return Section(f"Finding {number}: {name(finding)}", tuple(blocks), note=note)


def undecided(finding: Finding) -> Section:
    """An undecided finding in brief, with the evidence that would decide."""
    blocks: list[Block] = [Paragraph(finding.claim)]
    if finding.undecided_by:
        blocks.append(Bullets(tuple(f"would decide: {text}" for text in finding.undecided_by)))
    return Section(name(finding), tuple(blocks), note=finding.id, quiet=True)


def _statements(title: str, statements: Sequence[Statement], mark: str) -> list[Block]:
    if not statements:
        return []
    return [Section(title, (Bullets(tuple(_stated(item) for item in statements), mark=mark),))]


def _stated(statement: Statement) -> str:
    """A statement with the places that show it."""
    places = ", ".join(str(pointer) for pointer in statement.pointers[:MOST_POINTERS])
    return f"{statement.text} [{places}]" if places else statement.text


def _doubts(finding: Finding) -> list[Block]:
    """What would change the verdict, and what it is easily mistaken for."""
    texts = [finding.would_change] if finding.would_change else []
    texts += [f"Not seen here, would decide a missing link: {text}" for text in finding.undecided_by]
    blocks: list[Block] = []
    if texts:
        blocks.append(Section("What would change this verdict", (Bullets(tuple(texts)),)))
    if finding.mistaken_for:
        blocks.append(Section("Easily mistaken for", (Bullets(finding.mistaken_for),)))
    return blocks


def _remedies(remedies: Sequence[Remedy]) -> list[Block]:
    if not remedies:
        return []
    return [Section("What to do, best first", (Bullets(tuple(map(_advice, remedies)), ordered=True),))]


def _advice(remedy: Remedy) -> str:
    when = f"[{remedy.when}] " if remedy.when else ""
    caution = f" Caution: {remedy.caution}" if remedy.caution else ""
    source = f" ({remedy.source})" if remedy.source else ""
    return f"{when}{remedy.text}{caution}{source}"
