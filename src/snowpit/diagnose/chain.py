"""The causal chain: trigger, mechanism, sustaining loop, symptom, victims, each link known or inferred."""

from collections.abc import Sequence

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.words import count, percent
from snowpit.model.finding import Finding, Link, Role, Verdict
from snowpit.model.observation import Observed
from snowpit.model.window import clock

TRIGGERS = ("credential_expiry", "restart_loop", "relist_herd", "server_stall")
"""Findings that can set an overload off and be over long before it is."""

LIMITER_LOOP = (
    "Look-ups of reviews that have already timed out still spend the limiter's 50 a second, and the clients ask again, so "
    "new reviews wait as long as the old ones."
)
"""Why a storm behind the loopback limiter feeds itself (kubernetes/kubernetes#71811, #83259)."""

MOST_VICTIMS = 4

SERIES = {
    "held_mutating": "the mean number of mutating seats held",
    "held_readonly": "the mean number of read-only seats held",
    "rejected": "refusals a second (429)",
    "timed_out": "time-outs a second (504)",
    "arrived": "arrivals a second",
    "open": "the number of requests in the server",
}
"""Series of the timeline in words."""


def chain(placed: Sequence[Finding], observed: Observed, plane: ControlPlane) -> tuple[Link, ...]:
    """Connect what was supported; empty if nothing was.

    Args:
        placed: Findings by rank, with their final roles.
        observed: What they were found in.
        plane: The server, as far as known.
    """
    supported = [item for item in placed if item.verdict is Verdict.SUPPORTED]
    if not supported:
        return ()
    root = supported[0]
    rest = supported[1:]
    links = [_trigger(supported, root, observed)]
    if root.role is Role.CAUSE:
        links.append(Link("mechanism", root.mechanism or root.claim, root.id))
    else:
        links.append(Link("mechanism", "What causes it is not shown by this evidence.", known=False))
        rest = supported
    links += _of_role(rest, Role.CAUSE, "mechanism")
    links += _loops(rest, root, plane)
    links += _of_role(rest, Role.SYMPTOM, "symptom") or _refusals(observed)
    links += _of_role(rest, Role.VICTIM, "victims") or _victims(root, observed)
    return tuple(links)


def _trigger(supported: Sequence[Finding], root: Finding, observed: Observed) -> Link:
    """What set it off: a herd or a stall, else the change point, else nothing that the evidence shows."""
    for item in supported:
        if item.id in TRIGGERS and item is not root:
            return Link("trigger", item.claim, item.id)
    change = observed.change
    if change.at is None:
        return Link("trigger", "What set it off lies before this evidence, or outside of it.", known=False)
    grew = f"; {change.first_class} grew most" if change.first_class else ""
    what = SERIES.get(change.what, change.what)
    text = f"At {clock(change.at)} {what} went from {change.before:,.1f} to {change.after:,.1f}{grew}."
    return Link("trigger", text)


def _of_role(findings: Sequence[Finding], role: Role, stage: str) -> list[Link]:
    return [Link(stage, item.claim, item.id) for item in findings if item.role is role]


def _loops(findings: Sequence[Finding], root: Finding, plane: ControlPlane) -> list[Link]:
    """What keeps it going: findings that sustain it, and the limiter's own loop where the version has one."""
    links = _of_role(findings, Role.SUSTAINS, "loop")
    if feeds_itself(root, plane):
        links.append(Link("loop", LIMITER_LOOP, known=bool(root.numbers.get("dead_lookups"))))
    return links


def feeds_itself(root: Finding, plane: ControlPlane) -> bool:
    """Whether dead work behind the loopback limiter keeps a storm going: reviews timed out, and the version has the limiter."""
    limiter = plane.number("loopback_qps")
    dead = root.numbers.get("timed_out") or root.numbers.get("dead_lookups")
    return root.id == "token_review_storm" and limiter is not None and limiter > 0 and bool(dead)


def _refusals(observed: Observed) -> list[Link]:
    """Refusals and time-outs as such, where no symptom was found."""
    traffic = observed.traffic
    refused, late = traffic.outcomes.get("rejected", 0), traffic.outcomes.get("timed_out", 0)
    if not refused + late:
        return []
    share = percent((refused + late) / max(1, traffic.attempts))
    return [
        Link(
            "symptom",
            f"{count(refused)} attempts are refused (429) and {count(late)} time out (504): {share} of all.",
        )
    ]


def _victims(root: Finding, observed: Observed) -> list[Link]:
    """The classes that were refused most, the root's own requests left out."""
    own = {"token_review": "tokenreviews", "access_review": "subjectaccessreviews"}
    mine = next((resource for name, resource in own.items() if root.id.startswith(name)), None)
    hurt = [
        item
        for item in observed.traffic.classes
        if item.key.resource != mine and item.outcomes.get("rejected")
    ]
    hurt.sort(key=lambda item: (-item.outcomes["rejected"], str(item.key)))
    if not hurt:
        return []
    named = ", ".join(f"{item.key} ({count(item.outcomes['rejected'])})" for item in hurt[:MOST_VICTIMS])
    return [Link("victims", f"Refused with it: {named}.")]
