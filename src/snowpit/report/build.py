"""The page of a diagnosis: answer, coverage, who holds the seats, findings, what was ruled out."""

from snowpit.diagnose.registry import BESIDE_REQUESTS
from snowpit.model.finding import Finding, Verdict
from snowpit.report import coverage, findings, investigation, picture, seen_before
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
        blocks.append(
            findings.section(
                finding,
                number=number,
                of=len(supported),
                chain=chain,
                told=told,
                beside=investigation.sections(case) if number == 1 else (),
                mixed=investigation.mixed(case),
            )
        )
    blocks += seen_before.sections(case)
    blocks += _undecided(_with(case, Verdict.UNDECIDED), requests=bool(case.observed.traffic.attempts))
    blocks += _ruled_out(_with(case, Verdict.REFUTED))
    blocks += investigation.fetch(case)
    return Page("snowpit report", tuple(blocks))


def _with(case: Case, verdict: Verdict) -> list[Finding]:
    return [finding for finding in case.diagnosis.findings if finding.verdict is verdict]


def _remarks(case: Case) -> tuple[Block, ...]:
    return tuple(Paragraph(text, "quiet") for text in case.remarks)


def _undecided(items: list[Finding], *, requests: bool) -> list[Block]:
    """Undecided findings: those of which this evidence could show something in full, the others by name."""
    if not items:
        return []
    beside = [item for item in items if not item.evidence_for and item.id in BESIDE_REQUESTS]
    unseen = [item for item in items if not item.evidence_for and item not in beside] if not requests else []
    blocks: list[Block] = [
        findings.undecided(finding) for finding in items if finding not in beside and finding not in unseen
    ]
    for names, want in ((unseen, "requests"), (beside, "metrics, logs or configuration")):
        if names:
            text = "; ".join(findings.name(item) for item in names)
            blocks.append(Paragraph(f"Not looked at, for want of {want}: {text}."))
    return [Section("Undecided", tuple(blocks), quiet=True)]


def _ruled_out(items: list[Finding]) -> list[Block]:
    if not items:
        return []
    lines = tuple(f"{findings.name(finding)}: {finding.claim}" for finding in items)
    return [Section("Ruled out", (Bullets(lines),), quiet=True)]
