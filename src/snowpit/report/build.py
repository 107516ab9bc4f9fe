"""The page of a diagnosis: answer, coverage, who holds the seats, findings, what was ruled out."""

from snowpit.model.finding import Finding, Verdict
from snowpit.report import coverage, findings, picture, seen_before
from snowpit.report.case import Case
from snowpit.report.content import Block, Bullets, Page, Paragraph, Section


def build(case: Case) -> Page:
    """The page of a diagnosis, in an order that depends on the evidence alone."""
    blocks: list[Block] = [Section("Answer", (Paragraph(case.diagnosis.answer, "strong"), *_remarks(case)))]
    blocks += [coverage.section(case), *picture.sections(case)]
    supported = _with(case, Verdict.SUPPORTED)
    told: findings.Told = {}
    for number, finding in enumerate(supported, start=1):
        chain = case.diagnosis.chain if number == 1 else ()
        blocks.append(findings.section(finding, number=number, of=len(supported), chain=chain, told=told))
    blocks += seen_before.sections(case)
    blocks += _undecided(_with(case, Verdict.UNDECIDED))
    blocks += _ruled_out(_with(case, Verdict.REFUTED))
    return Page("snowpit report", tuple(blocks))


def _with(case: Case, verdict: Verdict) -> list[Finding]:
    return [finding for finding in case.diagnosis.findings if finding.verdict is verdict]


def _remarks(case: Case) -> tuple[Block, ...]:
    return tuple(Paragraph(text, "quiet") for text in case.remarks)


def _undecided(items: list[Finding]) -> list[Block]:
    if not items:
        return []
    return [Section("Undecided", tuple(findings.undecided(finding) for finding in items), quiet=True)]


def _ruled_out(items: list[Finding]) -> list[Block]:
    if not items:
        return []
    lines = tuple(f"{findings.name(finding)}: {finding.claim}" for finding in items)
    return [Section("Ruled out", (Bullets(lines),), quiet=True)]
