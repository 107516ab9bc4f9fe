"""Which evidence to fetch next: what would decide the hypotheses that are open, most informative first.

The gain of a piece of evidence is the sum, over the open hypotheses, of how plausible each is times how far that evidence
would decide it. An open hypothesis is an undecided finding, or a supported one of which a link is missing.
"""

from collections.abc import Mapping, Sequence

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.facets import facets
from snowpit.diagnose.sources import present
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import ENOUGH_WEIGHT
from snowpit.knowledge.next_evidence import Obtainable, obtainable
from snowpit.model.finding import Fetch, Finding, Role, Verdict
from snowpit.model.observation import Observed

PRIOR = 0.1
"""Plausibility of an undecided hypothesis for which nothing speaks yet."""

IN_TROUBLE = 0.15
"""What is added to it where the server is in trouble that nothing explains."""

LINK = 0.4
"""Plausibility lent to a supported finding of which the evidence lacks a link."""

LEAST_GAIN = 0.25
"""Evidence that gains less is not asked for."""

MOST = 5


def next_evidence(findings: Sequence[Finding], observed: Observed, plane: ControlPlane) -> tuple[Fetch, ...]:
    """Evidence to fetch next, at most five pieces; empty if all that matters is decided.

    Args:
        findings: Findings with their verdicts.
        observed: What they were found in.
        plane: The server; its version selects commands.
    """
    likely = plausibilities(findings, observed)
    there = facets(observed)
    made = [
        _fetch(item, likely)
        for item in obtainable(plane.version)
        if not item.gives <= there and (not item.needs or item.needs in there)
    ]
    ranked = sorted(
        (item for item in made if item.gain >= LEAST_GAIN), key=lambda item: (-item.gain, item.id)
    )
    return tuple(ranked[:MOST])


def plausibilities(findings: Sequence[Finding], observed: Observed) -> dict[str, float]:
    """How plausible each open hypothesis is, from 0 to 1; decided ones are left out."""
    explained = any(item.verdict is Verdict.SUPPORTED and item.role is Role.CAUSE for item in findings)
    hurt = trouble(observed).real
    unseen = not observed.traffic.attempts and bool(present(observed))
    base = PRIOR + (IN_TROUBLE if hurt and not explained else 0.05 if unseen else 0.0)
    found = {}
    for item in findings:
        if item.verdict is Verdict.UNDECIDED:
            pro = sum(statement.weight for statement in item.evidence_for)
            damped = 0.3 if explained and not pro else 1.0
            found[item.id] = min(1.0, damped * base + pro / ENOUGH_WEIGHT)
        elif item.verdict is Verdict.SUPPORTED and item.undecided_by:
            found[item.id] = LINK * max(item.impact, 0.25)
    return found if hurt or explained or unseen or any(_suspected(item) for item in findings) else {}


def _suspected(finding: Finding) -> bool:
    return finding.verdict is Verdict.UNDECIDED and bool(finding.evidence_for)


def _fetch(item: Obtainable, likely: Mapping[str, float]) -> Fetch:
    """What a piece of evidence would gain."""
    worth = {name: likely[name] * power for name, power in item.decides.items() if name in likely}
    return Fetch(
        id=item.id,
        what=item.what,
        commands=item.commands,
        decides=tuple(sorted(worth, key=lambda name: (-worth[name], name))),
        gain=round(sum(worth.values()), 3),
        caution=item.caution,
        source=item.source,
    )
