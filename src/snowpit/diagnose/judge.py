"""Sets findings against each other: which explains which, which comes first, and what to tell the operator.

Detectors do not know each other. Here a symptom is explained by its cause, a
cause that follows from another one is moved down the chain, and what is left
at the top is the root. Nothing is measured here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.answer import answer, unjudged
from snowpit.diagnose.chain import chain
from snowpit.diagnose.layers import layers
from snowpit.diagnose.next_evidence import next_evidence
from snowpit.diagnose.rivals import rivals
from snowpit.model.finding import Diagnosis, Finding, Role, Verdict
from snowpit.model.observation import Observed

NEVER_ROOT: Mapping[str, Role] = {
    "inflight_limit": Role.SYMPTOM,
    "apf_starvation": Role.SYMPTOM,
    "retry_storm": Role.SUSTAINS,
    "goroutine_leak": Role.SUSTAINS,
    "uneven_servers": Role.SUSTAINS,
}
"""A full gate and retries always have a reason: they are never the root."""

LOOPS = ("retry_storm", "loopback_starvation", "relist_herd", "invalid_tokens", "restart_loop")
"""What keeps an overload going when something else started it; anything else explained is a symptom."""

SPECIFIC = (
    "token_review_storm",
    "token_review_others",
    "access_review_storm",
    "invalid_tokens",
    "list_storm",
    "relist_herd",
    "event_flood",
    "slow_webhook",
    "secret_polling",
    "etcd_slow",
)
"""Hypotheses that say what is asked, and why that hurts; they go before those that only say who or when."""

GENERAL: Mapping[str, tuple[str, ...]] = {
    "hot_client": (*SPECIFIC, "loopback_starvation"),
    "server_stall": (*SPECIFIC, "loopback_starvation"),
    "heartbeat_pressure": SPECIFIC,
    "inflight_limit": (*SPECIFIC, "hot_client", "heartbeat_pressure", "server_stall", "loopback_starvation"),
    "retry_storm": (*SPECIFIC, "hot_client", "heartbeat_pressure", "server_stall", "loopback_starvation"),
    "apf_starvation": (*SPECIFIC, "hot_client", "heartbeat_pressure", "server_stall"),
    "lease_lost": (*SPECIFIC, "hot_client", "server_stall", "loopback_starvation", "restart_loop"),
    "nodes_not_ready": (*SPECIFIC, "hot_client", "server_stall", "loopback_starvation", "restart_loop"),
    "loopback_starvation": ("token_review_storm", "token_review_others", "invalid_tokens"),
}
"""Finding -> findings that explain it, whatever the detectors say themselves."""

_VERDICTS = (Verdict.SUPPORTED, Verdict.UNDECIDED, Verdict.REFUTED)
_ROLES = (Role.CAUSE, Role.SUSTAINS, Role.SYMPTOM, Role.VICTIM)


def judge(findings: Sequence[Finding], observed: Observed, plane: ControlPlane) -> Diagnosis:
    """Rank findings, connect them, and say in a few sentences what they mean.

    Args:
        findings: One per detector, in the order of the registry; ties keep it.
        observed: What they were found in.
        plane: The server, as far as known.

    Returns:
        Supported findings first, causes before what they explain. ``judged`` is false if nothing could be looked at.
    """
    reason = unjudged(observed)
    placed = tuple(sorted(findings if reason else _place(findings), key=_rank))
    fetch = next_evidence(placed, observed, plane)
    if reason:
        return Diagnosis(answer=reason, findings=placed, chain=(), judged=False, fetch=fetch)
    return Diagnosis(
        answer=answer(placed, observed, plane),
        findings=placed,
        chain=chain(placed, observed, plane),
        layers=layers(placed, observed, plane),
        rivals=rivals(placed, observed),
        fetch=fetch,
    )


def score(finding: Finding) -> float:
    """How much of the trouble it explains, times how sure it is."""
    return finding.impact * finding.strength


def explains(above: Finding, below: Finding) -> bool:
    """Whether one supported finding follows from another; of two that claim each other the heavier one wins."""
    claims = _claims(above, below)
    return claims and not (_claims(below, above) and score(below) > score(above))


def _claims(above: Finding, below: Finding) -> bool:
    return above.id != below.id and (below.id in above.explains or above.id in GENERAL.get(below.id, ()))


def _place(findings: Sequence[Finding]) -> list[Finding]:
    """Give every supported finding its place in the causal chain."""
    supported = [item for item in findings if item.verdict is Verdict.SUPPORTED]
    roots = _roots(supported)
    return [_moved(item, roots) if item.verdict is Verdict.SUPPORTED else item for item in findings]


def _roots(supported: Sequence[Finding]) -> list[Finding]:
    """Causes that nothing else explains; if all explain each other in a circle, the heaviest."""
    causes = [item for item in supported if item.role is Role.CAUSE and item.id not in NEVER_ROOT]
    roots = [item for item in causes if not any(explains(other, item) for other in causes)]
    return roots or sorted(causes, key=lambda item: -score(item))[:1]


def _moved(finding: Finding, roots: Sequence[Finding]) -> Finding:
    """The finding with the role that the roots leave for it."""
    if finding in roots:
        return finding
    if finding.id in NEVER_ROOT:
        return replace(finding, role=NEVER_ROOT[finding.id])
    if finding.role is not Role.CAUSE:
        return finding
    return replace(finding, role=Role.SUSTAINS if finding.id in LOOPS else Role.SYMPTOM)


def _rank(finding: Finding) -> tuple[int, int, float]:
    """Supported first, then by place in the chain, then by weight."""
    return (_VERDICTS.index(finding.verdict), _ROLES.index(finding.role), -score(finding))
