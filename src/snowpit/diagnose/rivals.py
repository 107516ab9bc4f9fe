"""Other explanations of the same trouble, and why they fail on this evidence."""

from collections.abc import Mapping, Sequence

from snowpit.diagnose.sources import present, requests_from
from snowpit.diagnose.words import count, percent, seconds
from snowpit.model.finding import Finding, Rival, Role, Verdict
from snowpit.model.observation import Observed

TESTED: Mapping[str, str] = {
    "etcd_slow": "a slow database (etcd)",
    "slow_webhook": "a slow admission webhook",
    "list_storm": "LIST load",
    "token_review_storm": "TokenReviews of the kubelets",
    "apf_starvation": "a starved priority level",
    "restart_loop": "a server that restarts again and again",
    "hot_client": "one client that asks too much",
    "client_side_throttling": "clients that wait for their own limiter",
    "server_stall": "a stall of the whole server",
}
"""Finding -> the explanation that it tests, in words."""

REVIEWS = ("tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews", "localsubjectaccessreviews")

CANNOT = "This evidence cannot show it"


def rivals(placed: Sequence[Finding], observed: Observed) -> tuple[Rival, ...]:
    """Rival explanations of the first cause; empty if no cause was found.

    Args:
        placed: Findings by rank, with their final roles.
        observed: What they were found in.
    """
    supported = [item for item in placed if item.verdict is Verdict.SUPPORTED]
    if not supported or supported[0].role is not Role.CAUSE:
        return ()
    root = supported[0]
    found = {item.id: item for item in placed}
    below = {item.id for item in supported}
    own = {"slow_webhook": _webhook, "list_storm": _lists}
    tested = [
        own.get(name, _tested)(found[name], words, observed)
        for name, words in TESTED.items()
        if name in found and name not in below
    ]
    if root.id != "token_review_storm":
        return tuple(tested)
    return (_hot_node(observed), *tested, _plain_overload(observed))


def _tested(finding: Finding, words: str, observed: Observed) -> Rival:
    """A rival that a finding of its own tests."""
    excluded = finding.verdict is Verdict.REFUTED
    against = finding.evidence_against[0] if finding.evidence_against else None
    if not excluded:
        wanted = f"; wanted: {finding.undecided_by[0]}" if finding.undecided_by else ""
        return Rival(name=words, excluded=False, why=f"{CANNOT}{wanted}", finding=finding.id)
    source = against.source if against else requests_from(observed) if observed.traffic.attempts else ""
    return Rival(
        name=words,
        excluded=True,
        why=against.text if against else finding.claim,
        source=source,
        finding=finding.id,
    )


def _webhook(finding: Finding, words: str, observed: Observed) -> Rival:
    """A slow webhook: not excluded by requests where no other write got through."""
    writes = [item for item in observed.traffic.classes if item.mutating and not item.long_running]
    others = [item for item in writes if item.key.resource not in REVIEWS and item.p50_s is not None]
    if finding.evidence_against or finding.verdict is not Verdict.REFUTED or others:
        return _tested(finding, words, observed)
    why = "No write but reviews was admitted, so none shows whether webhooks answer in time"
    return Rival(name=words, excluded=False, why=why, finding=finding.id)


def _lists(finding: Finding, words: str, observed: Observed) -> Rival:
    """LIST load: excluded where reads are seen and none of them is a LIST."""
    if finding.verdict is not Verdict.REFUTED or observed.lists.attempts or not observed.policy.has_read:
        return _tested(finding, words, observed)
    return Rival(
        name=words,
        excluded=True,
        why=f"No LIST is among the reads, which hold at most {count(observed.seats.readonly.peak)} seats.",
        source=requests_from(observed),
        finding=finding.id,
    )


def _hot_node(observed: Observed) -> Rival:
    """One node among many: refuted by an even spread over kubelets."""
    reviews = observed.review("tokenreviews", "node") or observed.review("tokenreviews", "other")
    name, source = "a hot node", requests_from(observed)
    if reviews is None:
        return Rival(name=name, excluded=False, why=CANNOT, source="")
    spread = reviews.creators if reviews.creators.sources > 1 else reviews.sources
    if spread.sources <= 1:
        return Rival(name=name, excluded=False, why=CANNOT, source="")
    text = (
        f"{count(spread.sources)} kubelets ask, and the busiest makes {percent(spread.top_share)} of the reviews "
        f"(Gini {spread.gini:.2f})."
    )
    return Rival(
        name=name, excluded=spread.top_share < 0.5, why=text, source=source, finding="token_review_storm"  # noqa: PLR2004 - most of them
    )  # fmt: skip


def _plain_overload(observed: Observed) -> Rival:
    """Simply too many requests: refuted if few requests are admitted and those stay long."""
    name = "plain overload: more requests than the seats can serve"
    reviews = observed.review("tokenreviews", "node") or observed.review("tokenreviews", "other")
    if reviews is None or reviews.mean_s is None:
        return Rival(name=name, excluded=False, why=CANNOT if present(observed) else "")
    text = (
        f"{count(reviews.attempts)} reviews in {seconds(observed.window.seconds)} would need few seats at their usual few "
        f"milliseconds; each admitted one stays {seconds(reviews.mean_s)}."
    )
    return Rival(
        name=name,
        excluded=reviews.mean_s >= 0.5,  # noqa: PLR2004 - a hundred times the usual
        why=text,
        source=requests_from(observed),
        finding="token_review_storm",
    )
