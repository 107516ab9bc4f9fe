"""Kubelets ask the API server to review one token over and over, and the reviews hold the seats.

Claim:
    TokenReviews created by kubelets, evenly over all nodes, hold most of the mutating seats; they wait inside the server
    until the handler's time limit, are repeated, and starve every other write.

Mechanism:
    A client shows its ServiceAccount token to every kubelet (metrics-server and Prometheus do). Each kubelet whose 2 minute
    cache has run out creates a TokenReview, which takes a mutating seat and validates the token *while it holds the seat*.
    Before 1.14 an uncached legacy token costs two sequential GETs (Secret, ServiceAccount) through the server's own
    loopback client, limited to 50 a second with a burst of 100 until 1.13.12, 1.14.8, 1.15.5, 1.16.1 and 1.17.0: at most 25
    validations a second for all tokens together. Concurrent misses are not merged before 1.18. At 30 s (34 s from
    1.17) the seat is freed with 504, the abandoned look-up runs on and still spends limiter tokens, and the kubelet tries again.

Evidence for:
    Share of mutating seat time held by these reviews; 504 at the handler's limit; 429 for the rest; even spread over nodes;
    one or few reviewed ServiceAccounts; a plateau of seats at the mutating limit; completions at 50 a second in
    pulses; look-ups of Secrets and ServiceAccounts by system:apiserver at 50 a second; look-ups that go on after the reviews ended.
    Without requests: their part of all writes in metrics, their mean time, and as many GETs of Secrets and ServiceAccounts.

Evidence against:
    Reviews that end in milliseconds; a few creators instead of all nodes; every other kind of write just as slow as the
    reviews (then something else is slow for all); a version without the limiter.

Easily mistaken for:
    A hot node (but the load is even); a slow admission webhook or database (but then all writes are slow, not
    refused); a mere shortage of seats (raising the limit can make it permanent).

Cannot tell when:
    The audit policy leaves out tokenreviews or the kubelets. At level Metadata the log shows who asks, not whose token is
    reviewed; during the storm only the token's own claims (level Request) tell, because a review that times out has no answer.

Remedy:
    Take the ServiceAccount token away from the scraper (client certificate or static token), lower rather than raise the
    mutating limit, shed ServiceAccount clients; upgrade the masters.

Sources:
    kubernetes/kubernetes#71811, #71816, #80465, #83259, #85242; kubernetes 1.12.4
    pkg/registry/authentication/tokenreview/storage.go; measured on kube-apiserver 1.13.5.
"""

from dataclasses import replace

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.asked import Asked, asked, judge_asked
from snowpit.diagnose.beside import APISERVER, grown, measured, places
from snowpit.diagnose.limiter import LIMITER_PER_S, review_drain, weigh_limiter
from snowpit.diagnose.sources import ACCESS, requests_from
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Number, Profile, Scales, conclude, near
from snowpit.diagnose.words import count, listed, percent, rate, seconds
from snowpit.model.finding import Finding, Role, Verdict
from snowpit.model.observation import ClassTraffic, Observed, Reviews
from snowpit.model.observation.clients import Evenness

PROFILE = Profile(
    id="token_review_storm",
    title="TokenReviews of the kubelets hold the seats",
    role=Role.CAUSE,
    mistaken_for=(
        "a hot node: no node stands out",
        "a slow webhook or database: other writes would be slow, not refused",
        "too few seats: a higher limit lets more reviews in that the limiter cannot drain",
    ),
    sources=(
        "kubernetes/kubernetes#71811",
        "kubernetes/kubernetes#71816",
        "kubernetes/kubernetes#80465",
        "kubernetes/kubernetes#83259",
        "kubernetes 1.12.4 pkg/registry/authentication/tokenreview/storage.go",
    ),
    explains=("inflight_limit", "heartbeat_pressure", "retry_storm", "server_stall", "loopback_starvation"),
)

NORMAL_REVIEW_S = 0.005
"""Median of an uncached review on an idle kube-apiserver 1.13.5 (measured; cached: 0.9 ms)."""

MEASURED_SHARE = 0.3


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    by_metrics = _by_metrics(observed, plane)
    if by_metrics is not None:
        return by_metrics
    reviews = _reviews(observed)
    if reviews is None or not reviews.attempts:
        return _absent(observed, plane)
    hurt = trouble(observed)
    scales = Scales()
    blind = _blind(reviews)
    scales.misses(
        blind,
        "the reviews that were admitted, with their times: an audit rule of level Metadata for create tokenreviews that "
        "keeps the stage ResponseComplete (snowpit policy)",
    )
    _weigh_load(scales, observed, reviews, plane)
    _weigh_spread(scales, observed, reviews)
    weigh_limiter(scales, observed, plane)
    _weigh_rivals(scales, observed, reviews, plane)
    failing = _outcome(reviews, "rejected") + _outcome(reviews, "timed_out")
    harmful = hurt.real and ((reviews.mean_s or 0) >= 0.5 or failing >= 20)  # noqa: PLR2004
    present = reviews.attempts >= 50 and reviews.held_share >= 0.3  # noqa: PLR2004
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=present,
        harmful=harmful,
        visible=not (blind and hurt.real),
        claim=_claim(observed, reviews),
        denial=_denial(reviews),
        numbers=_numbers(observed, reviews, plane),
        impact=reviews.held_share,
        would_change="Reviews that end in milliseconds, or other writes that hold more seat time than they do.",
        mechanism=_mechanism(plane),
    )


def _by_metrics(observed: Observed, plane: ControlPlane) -> Finding | None:
    """What metrics say where no requests are seen; null if they say nothing."""
    found = asked(observed, "creates of TokenReviews", ("tokenreviews",))
    scales = Scales()
    if found is not None:
        _weigh_measured(scales, observed, plane, found)
        weigh_limiter(scales, observed, plane)
    missing = (
        "who asks and whose token: an audit rule of level Metadata for create tokenreviews (snowpit policy)"
    )
    judged = judge_asked(
        PROFILE, plane, observed, found=found, least=MEASURED_SHARE, scales=scales, missing=missing
    )
    if judged is None or judged.verdict is not Verdict.SUPPORTED:
        return judged
    return replace(judged, mechanism=_mechanism(plane))


def _weigh_measured(scales: Scales, observed: Observed, plane: ControlPlane, found: Asked) -> None:
    """Slow reviews beside fast look-ups, and as many look-ups as the version makes for each."""
    scales.supports(
        (found.mean_s or 0.0) >= 100 * NORMAL_REVIEW_S,
        f"A review takes {seconds(found.mean_s)} on average; undisturbed it takes about {seconds(NORMAL_REVIEW_S)}.",
        observation="metrics.distributions",
        weight=0.7,
    )
    reads = [
        item
        for item in measured(observed).counter("apiserver_request_total", APISERVER, verb="GET")
        if item.labels.get("resource") in ("secrets", "serviceaccounts")
    ]
    secrets, accounts = (
        sum(grown(item) for item in reads if item.labels.get("resource") == name)
        for name in ("secrets", "serviceaccounts")
    )
    answered = found.requests - found.refused
    scales.supports(
        min(secrets, accounts) >= 0.5 * answered > 0 and not plane.flag("informer_first"),
        f"In the same time the server answers {count(secrets)} GETs of Secrets and {count(accounts)} of ServiceAccounts, about one each for "
        f"{count(answered)} reviews that got a seat: it looks up each token at itself.",
        observation="metrics.counters",
        weight=0.5,
        at=places(reads),
    )


def _mechanism(plane: ControlPlane) -> str:
    """How reviews hold seats on this version."""
    limiter, lister = plane.number("loopback_qps"), plane.flag("informer_first")
    ends = plane.number("handler_timeout_s") or 30.0
    seat = "A review validates its token while it holds a mutating seat"
    if limiter is None or (limiter > 0 and not lister):
        before = "" if limiter else "before 1.14 "
        return (
            f"{seat}; {before}an uncached token costs two look-ups one after the other behind a limiter of {rate(LIMITER_PER_S)}, 25 "
            f"validations a second for all tokens; at {seconds(ends)} the seat is freed with 504 and the look-ups run on."
        )
    if limiter > 0:
        return (
            f"{seat}; on {plane.version} look-ups ask the informer's cache first, so only tokens of deleted objects, or a server "
            f"that has just started, go through the limiter of {rate(limiter)}."
        )
    return (
        f"{seat}; {plane.version} has no limiter in the way, so something else makes validation slow: the database, a webhook "
        "authenticator, or tokens that are not valid and are never remembered."
    )


def _reviews(observed: Observed) -> Reviews | None:
    """The kubelets' reviews; where the evidence hides user names, those whose user agent is a kubelet's."""
    by_nodes = observed.review("tokenreviews", "node")
    others = observed.review("tokenreviews", "other")
    if by_nodes is not None or others is None or not others.top_agents:
        return by_nodes
    by_kubelets = sum(number for agent, number in others.top_agents if agent.startswith("kubelet"))
    nameless = others.creators.top in {"", "system:anonymous"} and others.creators.sources <= 1
    return others if nameless and by_kubelets >= 0.8 * others.attempts else None


def _blind(reviews: Reviews) -> bool:
    """Whether the evidence shows no review on a seat: only refusals, or no times at all."""
    return reviews.attempts >= 50 and reviews.held_s <= 0.0  # noqa: PLR2004 - as for presence


def _absent(observed: Observed, plane: ControlPlane) -> Finding:
    policy = observed.policy
    scales = Scales()
    visible = policy.has_nodes and policy.has_write
    refused = observed.seats.mutating.rejected >= 20  # noqa: PLR2004
    scales.misses(
        not visible,
        "an audit rule of level Metadata for create tokenreviews by group system:nodes: snowpit policy",
    )
    scales.misses(
        visible and refused,
        "an audit rule for tokenreviews: mutating requests are refused, and the policy may leave out what holds the seats",
    )
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=False,
        harmful=False,
        visible=visible and not refused,
        claim="",
        denial=f"No TokenReview by a kubelet among {count(observed.traffic.attempts)} requests.",
    )


def _outcome(reviews: Reviews, name: str) -> int:
    return reviews.outcomes.get(name, 0)


def _weigh_load(scales: Scales, observed: Observed, reviews: Reviews, plane: ControlPlane) -> None:
    seats = observed.seats.mutating
    limit = plane.limit("mutating")
    scales.supports(
        reviews.held_share >= 0.5,  # noqa: PLR2004
        f"These reviews hold {percent(reviews.held_share)} of all mutating seat time.",
        observation="reviews",
        weight=round(reviews.held_share, 2),
        at=reviews.samples,
    )
    slow = reviews.mean_s is not None and reviews.mean_s >= 100 * NORMAL_REVIEW_S
    scales.supports(
        slow,
        f"An admitted review stays {seconds(reviews.mean_s)} on its seat on average ({seconds(reviews.p50_s)} median); "
        f"undisturbed it takes about {seconds(NORMAL_REVIEW_S)}.",
        observation="reviews",
        weight=0.7,
    )
    refused = _outcome(reviews, "rejected") / reviews.attempts
    scales.supports(
        refused >= 0.02,  # noqa: PLR2004
        f"{count(_outcome(reviews, 'rejected'))} of {count(reviews.attempts)} reviews ({percent(refused)}) are refused with 429 and come again.",
        observation="reviews",
        weight=0.5,
    )
    scales.supports(
        seats.plateau is not None,
        f"Mutating seats stand on a flat top of {count(seats.plateau or 0)} for {count(seats.plateau_s)} s; "
        + (
            f"the limit is {count(limit)}."
            if near(seats.plateau, limit, within=0.05)
            else f"so the limit seems to be {count(seats.plateau or 0)}, not {count(limit)}."
        ),
        observation="seats",
        weight=0.6,
    )
    _weigh_timeouts(scales, observed, reviews, plane)


def _weigh_timeouts(scales: Scales, observed: Observed, reviews: Reviews, plane: ControlPlane) -> None:
    known = plane.number("handler_timeout_s")
    limits = (known,) if known is not None else (30.0, 34.0)
    modes = [
        mode
        for mode in observed.modes
        if mode.key.resource == "tokenreviews"
        and any(near(mode.at_s, limit, within=0.04) for limit in limits)
    ]
    timed_out = _outcome(reviews, "timed_out")
    if modes:
        scales.supports(
            timed_out >= 5,  # noqa: PLR2004
            f"{count(timed_out)} reviews end with 504 after {seconds(modes[0].at_s)}: the time limit of the server's own create handler, not of a client.",
            observation="modes",
            weight=0.9,
        )
    plateau = observed.seats.mutating.plateau
    expected = plateau / limits[0] if plateau else None
    scales.supports(
        near(reviews.timed_out_per_s, expected, within=0.4),
        f"504s come at {rate(reviews.timed_out_per_s)}, as {count(plateau or 0)} seats held for {seconds(limits[0])} each must give.",
        observation="reviews",
        weight=0.4,
    )


def _weigh_spread(scales: Scales, observed: Observed, reviews: Reviews) -> None:
    spread = _spread(reviews)
    even = _even(spread)
    by_address = requests_from(observed) == ACCESS or not spread.top.startswith("system:node:")
    shared = spread.sources <= 1 and by_address
    scales.misses(
        shared,
        f"which kubelets ask: all reviews come from one address ({spread.top.removeprefix('system:node:')}), as behind a proxy; an audit log names them",
    )
    scales.supports(
        even,
        f"{count(spread.sources)} kubelets ask, evenly: the busiest makes {percent(spread.top_share)} of the reviews (Gini {spread.gini:.2f}). No hot node.",
        observation="reviews",
        weight=0.6,
    )
    scales.opposes(
        not even and not shared and spread.top_share >= 0.5,  # noqa: PLR2004
        f"One node, {spread.top}, makes {percent(spread.top_share)} of the reviews: a hot node, no storm over all of them.",
        observation="reviews",
        weight=1.0,
    )
    if reviews.subjects:
        first = reviews.subjects[0]
        scales.supports(
            True,  # noqa: FBT003
            f"Reviewed: {_reviewed(reviews)} in {count(reviews.subject_known)} reviews with a known subject; {first.name} is "
            f"reviewed most, {percent(first.share)} of them.",
            observation="reviews",
            weight=0.4,
        )
    scales.misses(
        not reviews.subject_known,
        "whose token is reviewed: log tokenreviews at level Request for ONE kubelet (snowpit policy), or stop the known scrapers of kubelets one by one and watch the rate",
    )


def _spread(reviews: Reviews) -> Evenness:
    """Evenness over kubelets; over source addresses where the evidence hides user names."""
    return reviews.creators if reviews.creators.sources > 1 or reviews.creators.top else reviews.sources


def _reviewed(reviews: Reviews) -> str:
    """Who is reviewed: the one, the few, or the namespace that all share, as ``system:serviceaccount:ns:*``."""
    names = [subject.name for subject in reviews.subjects]
    more = reviews.distinct_subjects
    if more <= 3:  # noqa: PLR2004 - all can be named
        return listed(names)
    parents = {name.rpartition(":")[0] for name in names}
    if len(parents) == 1 and next(iter(parents)).startswith("system:serviceaccount:"):
        return f"{next(iter(parents))}:* ({count(more)} ServiceAccounts)"
    return f"{listed(names[:3])} and {count(more - 3)} more"


def _even(spread: Evenness) -> bool:
    return spread.sources >= 10 and spread.top_share <= max(0.1, 10 / spread.sources) and spread.gini < 0.7  # noqa: PLR2004


def _weigh_rivals(scales: Scales, observed: Observed, reviews: Reviews, plane: ControlPlane) -> None:
    scales.opposes(
        reviews.p90_s is not None and reviews.p90_s < 0.1 and not _outcome(reviews, "timed_out"),  # noqa: PLR2004
        f"Nine of ten admitted reviews end within {seconds(reviews.p90_s)}.",
        observation="reviews",
        weight=1.5,
    )
    others = [item for item in observed.traffic.classes if _rival(item)]
    slow = [item for item in others if (item.p50_s or 0) >= max(0.5, 0.3 * (reviews.p50_s or 0))]
    scales.opposes(
        bool(others) and len(slow) > len(others) / 2,
        f"Other writes are about as slow: {listed([f'{item.key} ({seconds(item.p50_s)})' for item in slow])}.",
        observation="traffic",
        weight=1.0,
    )
    scales.supports(
        bool(others) and not slow and (reviews.p50_s or 0) >= 0.5,  # noqa: PLR2004
        f"Other writes that get a seat are fast: {listed([f'{item.key} ({seconds(item.p50_s)})' for item in others])}. Neither database nor webhooks are slow.",
        observation="traffic",
        weight=0.5,
    )
    limiter = plane.number("loopback_qps")
    scales.opposes(
        limiter is not None and limiter < 0,
        f"Kubernetes {plane.version} has no limiter in its loopback client: slow look-ups (database), a webhook authenticator, or reviews of invalid tokens must be at work.",
        observation="hints",
        weight=0.4,
    )
    scales.opposes(
        limiter is not None and limiter > 0 and plane.flag("informer_first") is True,
        f"Kubernetes {plane.version} asks its informer's cache first: only tokens whose Secret is gone, or an informer that is not "
        "synced yet (just after a start), bring look-ups to the limiter.",
        observation="hints",
        weight=0.2,
    )


def _rival(item: ClassTraffic) -> bool:
    answered = item.attempts - item.outcomes.get("rejected", 0)
    return item.mutating and not item.long_running and item.key.resource != "tokenreviews" and answered >= 20  # noqa: PLR2004


def _claim(observed: Observed, reviews: Reviews) -> str:
    kubelets = _spread(reviews).sources
    who = f"{count(kubelets)} kubelets" if kubelets > 1 else "Kubelets"
    whom = (
        f"the token of {_reviewed(reviews)}"
        if reviews.subjects
        else "a token (whose, this log does not show)"
    )
    timed_out, rejected = _outcome(reviews, "timed_out"), _outcome(reviews, "rejected")
    fates = [f"{count(rejected)} refused with 429"] * bool(rejected) + [
        f"{count(timed_out)} timed out"
    ] * bool(timed_out)
    peak = observed.seats.mutating.plateau or observed.seats.mutating.peak
    return (
        f"{who} ask the API server to review {whom}, {count(reviews.attempts)} times; the reviews hold "
        f"{percent(reviews.held_share)} of the mutating seat time ({count(peak)} seats at the top)"
        + (f", {' and '.join(fates)}." if fates else ".")
    )


def _denial(reviews: Reviews) -> str:
    return (
        f"{count(reviews.attempts)} TokenReviews by {count(reviews.creators.sources)} kubelets hold {percent(reviews.held_share)} of the mutating "
        f"seat time and take {seconds(reviews.p50_s)} (median)."
    )


def _numbers(observed: Observed, reviews: Reviews, plane: ControlPlane) -> dict[str, Number]:
    drain, seats, loop = review_drain(observed), observed.seats.mutating, observed.loopback
    top = reviews.subjects[0] if reviews.subjects else None
    return {
        "reviews": reviews.attempts,
        "reviews_per_s": round(reviews.rate, 2),
        "kubelets": reviews.creators.sources,
        "gini_over_nodes": round(reviews.creators.gini, 3),
        "top_node_share": round(reviews.creators.top_share, 4),
        "held_share": round(reviews.held_share, 4),
        "held_s": round(reviews.held_s, 1),
        "mean_s": None if reviews.mean_s is None else round(reviews.mean_s, 3),
        "p50_s": None if reviews.p50_s is None else round(reviews.p50_s, 3),
        "rejected": _outcome(reviews, "rejected"),
        "timed_out": _outcome(reviews, "timed_out"),
        "timed_out_per_s": round(reviews.timed_out_per_s, 2),
        "seats_peak": seats.peak,
        "seats_plateau": seats.plateau,
        "mutating_limit": plane.limit("mutating"),
        "completions_per_s": None if drain is None else round(drain.rate, 1),
        "pulses": None if drain is None else drain.pulses,
        "lookups_per_s": round(loop.busy_rate, 1) if loop.visible else None,
        "dead_lookups": loop.after_timeout if loop.visible else None,
        "distinct_subjects": reviews.distinct_subjects,
        "subjects": _reviewed(reviews) if reviews.subjects else None,
        "top_subject": None if top is None else top.name,
        "top_subject_share": None if top is None else round(top.share, 4),
    }
