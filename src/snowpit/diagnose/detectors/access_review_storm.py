"""SubjectAccessReviews crowd out other writes.

Claim:
    SubjectAccessReviews dominate the mutating requests, and writes are refused or slow because of them.

Mechanism:
    Kubelets, aggregated servers, authenticating proxies and policy engines ask the API server whether a user may do a thing.
    Each answer takes milliseconds with RBAC, but the number is large where answers are not cached: one review
    for each object, user or request. They are creates and take mutating seats.

Evidence for:
    A large share of mutating attempts and of mutating seat time; many a second; 429s; one asking component.
    Without requests: their part of all writes in metrics, by number and by number times mean time, with refusals.

Evidence against:
    A small share of seat time; other writes are not refused.

Easily mistaken for:
    Victims of another storm: reviews that are refused because other requests hold the seats; a creator that waits for its own client limit.

Cannot tell when:
    The audit policy leaves out subjectaccessreviews.

Remedy:
    Longer caching of authorization answers in the asking component, fewer questions, a priority level of its own.

Sources:
    kubernetes/kubernetes#70302; kyverno/kyverno#17058; kube-rbac-proxy#285; KEP-2862.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.asked import asked, judge_asked, weigh_asked
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, percent, rate, seconds
from snowpit.knowledge.clients import recognise
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed, Reviews

PROFILE = Profile(
    id="access_review_storm",
    title="SubjectAccessReviews crowd out other writes",
    role=Role.CAUSE,
    mistaken_for=(
        "victims of another storm: they would hold little seat time",
        "a creator that waits for its own client limit: the server answers in milliseconds then",
    ),
    sources=("kubernetes/kubernetes#70302", "kyverno/kyverno#17058", "kube-rbac-proxy#285"),
    explains=("inflight_limit", "retry_storm", "heartbeat_pressure"),
    mechanism="Each question is a create that holds a mutating seat for a moment; answers that the asking component does not remember are asked for again, once an object, user or request.",
)


MIN_REFUSED = 20
MIN_SHARE = 0.3
KINDS = ("subjectaccessreviews",)


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    both = [item for item in observed.reviews if item.resource == "subjectaccessreviews"]
    counted = asked(observed, "creates of SubjectAccessReviews", KINDS)
    measured = judge_asked(PROFILE, plane, observed, found=counted, least=MIN_SHARE)
    if measured is not None:
        return measured
    scales = Scales()
    weigh_asked(scales, counted, least=MIN_SHARE)
    if not both:
        visible = observed.policy.has_write
        scales.misses(
            not visible, "an audit rule of level Metadata for create subjectaccessreviews: snowpit policy"
        )
        denial = "No SubjectAccessReview in the evidence."
        return conclude(
            PROFILE,
            plane,
            scales=scales,
            present=False,
            harmful=False,
            visible=visible,
            claim="",
            denial=denial,
        )
    attempts = sum(item.attempts for item in both)
    held = sum(item.held_share for item in both)
    main = max(both, key=lambda item: item.attempts)
    writes = sum(
        item.attempts for item in observed.traffic.classes if item.mutating and not item.long_running
    )
    share = attempts / writes if writes else 0.0
    _weigh(scales, both, main, held=held, share=share)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=attempts >= 100 and held >= 0.3 and share >= 0.3,  # noqa: PLR2004
        harmful=trouble(observed).real,
        visible=True,
        claim=f"{count(attempts)} SubjectAccessReviews, {percent(share)} of all mutating requests, hold {percent(held)} of the mutating seat "
        f"time; {_who(main)} asks most.",
        denial=f"{count(attempts)} SubjectAccessReviews make {percent(share)} of the mutating requests and hold {percent(held)} of the seat time.",
        numbers={
            "reviews": attempts,
            "share_of_writes": round(share, 4),
            "held_share": round(held, 4),
            "reviews_per_s": round(sum(item.rate for item in both), 2),
            "rejected": sum(item.outcomes.get("rejected", 0) for item in both),
            "top_creator": main.creators.top,
            "top_creator_share": round(main.creators.top_share, 4),
        },
        impact=held,
        would_change="Another class of request that holds more seat time.",
    )


def _who(reviews: Reviews) -> str:
    known = recognise(reviews.creators.top, reviews.top_agents[0][0] if reviews.top_agents else "")
    return f"{reviews.creators.top} ({known.title})" if known else reviews.creators.top


def _weigh(scales: Scales, both: list[Reviews], main: Reviews, *, held: float, share: float) -> None:
    rejected = sum(item.outcomes.get("rejected", 0) for item in both)
    scales.supports(
        held >= 0.3,  # noqa: PLR2004
        f"They hold {percent(held)} of all mutating seat time, {seconds(main.mean_s)} each on average.",
        observation="reviews",
        weight=round(min(1.0, held + 0.2), 2),
        at=main.samples,
    )
    scales.supports(
        share >= 0.3,  # noqa: PLR2004
        f"They are {percent(share)} of all mutating requests, {rate(sum(item.rate for item in both))}.",
        observation="traffic",
        weight=0.6,
    )
    scales.supports(
        main.creators.top_share >= 0.3,  # noqa: PLR2004
        f"{main.creators.top} makes {percent(main.creators.top_share)} of those by its kind of client.",
        observation="reviews",
        weight=0.3,
    )
    scales.supports(
        rejected >= MIN_REFUSED,
        f"{count(rejected)} of them are refused with 429.",
        observation="reviews",
        weight=0.3,
    )
    scales.opposes(
        held < 0.3,  # noqa: PLR2004
        f"They hold only {percent(held)} of the mutating seat time.",
        observation="reviews",
        weight=1.0,
    )
