"""One finding on the page: claim, chain, evidence for and against, what would change the verdict, remedies."""

from collections.abc import Sequence
from typing import TypeAlias

from snowpit.model.evidence import Pointer
from snowpit.model.finding import Finding, Link, Remedy, Role, Statement
from snowpit.report.content import Block, Bullets, Chain, Paragraph, Section, Step

ROLES = {
    Role.CAUSE: "cause",
    Role.SUSTAINS: "keeps the trouble going",
    Role.SYMPTOM: "symptom, not a cause by itself",
    Role.VICTIM: "victim",
}
MOST_POINTERS = 3
Told: TypeAlias = dict[str, tuple[int, int]]


def name(finding: Finding) -> str:
    """Heading of a finding."""
    return finding.title or finding.id.replace("_", " ")


def section(
    finding: Finding,
    *,
    number: int,
    of: int,
    chain: Sequence[Link],
    told: Told,
    beside: Sequence[Block] = (),
    mixed: bool = False,
) -> Section:
    """A supported finding in full.

    Args:
        finding: The finding.
        number: Its rank.
        of: How many supported findings there are.
        chain: The causal chain, to be shown with the first finding.
        told: Remedies of findings before it, id -> (finding, place); those of this finding are added.
        beside: What stands between the chain and the evidence.
        mixed: Name the source of each statement, as there are several.
    """
    blocks: list[Block] = [Paragraph(finding.claim, "strong")]
    if chain:
        steps = tuple(Step(link.stage, link.text, link.known) for link in chain)
        blocks.append(Section("How it hangs together", (Chain(steps),)))
    blocks += beside
    blocks += _statements("Evidence for", finding.evidence_for, "+", mixed=mixed)
    blocks += _statements("Evidence against", finding.evidence_against, "-", mixed=mixed)
    blocks += _doubts(finding)
    blocks += _remedies(finding.remedies, number, told)
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


def _statements(title: str, statements: Sequence[Statement], mark: str, *, mixed: bool) -> list[Block]:
    if not statements:
        return []
    items = tuple(
        (f"{item.source}: " if mixed and item.source else "") + placed(item.text, item.pointers)
        for item in statements
    )
    return [Section(title, (Bullets(items, mark=mark),))]


def placed(text: str, pointers: Sequence[Pointer]) -> str:
    """A sentence with the places that show it."""
    places: dict[str, list[str]] = {}
    for pointer in pointers[:MOST_POINTERS]:
        places.setdefault(pointer.path, []).append(str(pointer.line))
    shown = "; ".join(f"{path}:{', '.join(lines)}" for path, lines in places.items())
    return f"{text} [{shown}]" if shown else text


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


def _remedies(remedies: Sequence[Remedy], number: int, told: Told) -> list[Block]:
    """What to do; remedies that stand under an earlier finding are only referred to."""
    if not remedies:
        return []
    fresh = [remedy for remedy in remedies if remedy.id not in told]
    known: dict[str, list[str]] = {}
    for remedy in remedies:
        if remedy.id in told:
            finding, place = told[remedy.id]
            known.setdefault(f"finding {finding}", []).append(str(place))
    told |= {remedy.id: (number, place) for place, remedy in enumerate(fresh, start=1)}
    blocks: list[Block] = [Bullets(tuple(map(_advice, fresh)), ordered=True)] if fresh else []
    if known:
        where = "; ".join(f"{', '.join(places)} of {finding}" for finding, places in known.items())
        blocks.append(Paragraph(f"As told above: {where}."))
    return [Section("What to do, best first", tuple(blocks))]


def _advice(remedy: Remedy) -> str:
    when = f"[{remedy.when}] " if remedy.when else ""
    caution = f" Caution: {remedy.caution}" if remedy.caution else ""
    source = f" ({remedy.source})" if remedy.source else ""
    return f"{when}{remedy.text}{caution}{source}"
