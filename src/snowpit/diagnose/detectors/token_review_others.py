"""A mesh, gateway or other server asks for TokenReviews in numbers that hold the seats.

Claim:
    TokenReviews created by clients other than kubelets hold a large share of the mutating seats or are refused and repeated.

Mechanism:
    Service meshes, ingress gateways, authenticating proxies and aggregated servers validate the tokens of *their* clients by
    creating TokenReviews, one for each connection or request if they do not cache. Each takes a mutating seat and
    validates the token while it holds it.

Evidence for:
    Reviews by ServiceAccounts, not by system:node users; a large share of mutating seat time; long sojourn times, 429s or
    time-outs; many reviewed identities for few creators.

Evidence against:
    Reviews that end in milliseconds and are not refused (then a creator that waits is limited by its own client).

Easily mistaken for:
    The storm through kubelets (creators are nodes there); a client-side limit of the creator, which looks like a
    slow API server from its side only.

Cannot tell when:
    The audit policy leaves out tokenreviews.

Remedy:
    Caching in the creator, local validation with the cluster's keys, a priority level of its own.

Sources:
    istio/istio#27945, istio/istio#11673; kubernetes 1.12.4 pkg/registry/authentication/tokenreview/storage.go.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.asked import asked, judge_asked
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed, percent, seconds
from snowpit.knowledge.clients import recognise
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed, Reviews

PROFILE = Profile(
    id="token_review_others",
    title="TokenReviews of a server other than the kubelets hold the seats",
    role=Role.CAUSE,
    mistaken_for=(
        "the storm through kubelets: the creators are no nodes",
        "a slow API server as the creator sees it: it may wait for its own client limit",
    ),
    sources=("istio/istio#27945", "istio/istio#11673"),
    explains=("inflight_limit", "retry_storm", "heartbeat_pressure", "server_stall"),
    mechanism="Each review holds a mutating seat while the server validates the reviewed token; answers that the creator does not remember are asked for again.",
)

MIN_SHARE = 0.25


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    counted = asked(observed, "creates of TokenReviews", ("tokenreviews",))
    measured = judge_asked(PROFILE, plane, observed, found=counted, least=MIN_SHARE, decides=False)
    if measured is not None:
        return measured
    reviews = observed.review("tokenreviews", "other")
    scales = Scales()
    if reviews is None or not reviews.attempts:
        visible = observed.policy.has_write
        scales.misses(not visible, "an audit rule of level Metadata for create tokenreviews: snowpit policy")
        denial = "No TokenReview by anybody but kubelets."
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
    _weigh(scales, reviews)
    failing = reviews.outcomes.get("rejected", 0) + reviews.outcomes.get("timed_out", 0)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=reviews.attempts >= 50 and reviews.held_share >= MIN_SHARE,  # noqa: PLR2004
        harmful=trouble(observed).real and ((reviews.mean_s or 0) >= 0.5 or failing >= 20),  # noqa: PLR2004
        visible=True,
        claim=_claim(reviews),
        denial=f"{count(reviews.attempts)} TokenReviews by {_who(reviews)} hold {percent(reviews.held_share)} of the mutating seat time.",
        numbers={
            "reviews": reviews.attempts,
            "held_share": round(reviews.held_share, 4),
            "creators": reviews.creators.sources,
            "top_creator": reviews.creators.top,
            "rejected": reviews.outcomes.get("rejected", 0),
            "timed_out": reviews.outcomes.get("timed_out", 0),
            "mean_s": None if reviews.mean_s is None else round(reviews.mean_s, 3),
            "distinct_subjects": reviews.distinct_subjects,
        },
        impact=reviews.held_share,
        would_change="Reviews that end in milliseconds, or a creator that is shown to wait for its own client limit.",
    )


def _who(reviews: Reviews) -> str:
    top = reviews.creators
    agent = reviews.top_agents[0][0] if reviews.top_agents else ""
    known = recognise(top.top, agent)
    name = f"{top.top} ({known.title})" if known else top.top
    return (
        name
        if top.sources == 1
        else f"{count(top.sources)} clients, first {name} with {percent(top.top_share)}"
    )


def _claim(reviews: Reviews) -> str:
    rejected, timed_out = reviews.outcomes.get("rejected", 0), reviews.outcomes.get("timed_out", 0)
    return (
        f"{count(reviews.attempts)} TokenReviews by {_who(reviews)} hold {percent(reviews.held_share)} of the mutating seat time, "
        f"{seconds(reviews.mean_s)} each on average; {count(rejected)} were refused and {count(timed_out)} timed out."
    )


def _weigh(scales: Scales, reviews: Reviews) -> None:
    scales.supports(
        reviews.held_share >= 0.25,  # noqa: PLR2004
        f"They hold {percent(reviews.held_share)} of all mutating seat time.",
        observation="reviews",
        weight=round(min(1.0, reviews.held_share + 0.2), 2),
        at=reviews.samples,
    )
    scales.supports(
        reviews.creators.top_share >= 0.3,  # noqa: PLR2004
        f"{reviews.creators.top} makes {percent(reviews.creators.top_share)} of them.",
        observation="reviews",
        weight=0.5,
    )
    scales.supports(
        (reviews.mean_s or 0) >= 0.5,  # noqa: PLR2004
        f"An admitted review stays {seconds(reviews.mean_s)} on its seat on average.",
        observation="reviews",
        weight=0.6,
    )
    rejected = reviews.outcomes.get("rejected", 0)
    scales.supports(
        rejected >= 0.02 * reviews.attempts and rejected > 0,
        f"{count(rejected)} of them are refused with 429.",
        observation="reviews",
        weight=0.4,
    )
    names = [subject.name for subject in reviews.subjects]
    scales.supports(
        bool(names),
        f"Reviewed: {listed(names)} ({count(reviews.distinct_subjects)} identities).",
        observation="reviews",
        weight=0.2,
    )
    scales.opposes(
        reviews.p90_s is not None and reviews.p90_s < 0.1,  # noqa: PLR2004
        f"Nine of ten end within {seconds(reviews.p90_s)}.",
        observation="reviews",
        weight=1.2,
    )
