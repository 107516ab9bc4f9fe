"""Somebody shows invalid or expired tokens again and again, and each costs a full validation.

Claim:
    A flood of requests with tokens that cannot be accepted occupies authentication.

Mechanism:
    A failed validation is never remembered: the token cache keeps successes for 10 s and failures not at all. A token of a
    deleted Secret passes the signature check and then costs one live look-up, up to 1.13 always, later because the
    informer does not know it. With the loopback limiter (until 1.13.12, 1.14.8, 1.15.5, 1.16.1, 1.17.0) about 50 such attempts
    a second fill it for ever, without any trigger, and no valid ServiceAccount token is looked up any more. From 1.14
    kubelets do not remember a review that ended with an error: a scraper with a bad token makes every kubelet ask on
    every scrape. A token with a bad signature costs processor time only.

Evidence for:
    Many 401s, bearer tokens attempted, from few addresses; reviews answered without a subject; look-ups of few Secrets at the
    limiter's rate.
    Without requests: authentication_attempts with errors (from 1.16), and lines of the API server that name the error.

Evidence against:
    Hardly any 401s; refusals by authorization (403), as anonymous health checks get, are no failed logins.

Easily mistaken for:
    The aftermath of a storm, in which valid tokens fail because their look-up times out.

Cannot tell when:
    The policy drops the stage ResponseStarted, in which 401s are recorded, or the evidence carries no failures at all.
    A server that works behind a full limiter shows no harm in an audit log before 1.20.

Remedy:
    Stop the clients at the addresses that are named; renew their tokens; block the addresses.

Sources:
    kubernetes/kubernetes#124204, #135450, #112780, #73595; kubernetes/cloud-provider-openstack#1318; measured on 1.13.5.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, grown, measured, places, since
from snowpit.diagnose.limiter import LIMITER_PER_S
from snowpit.diagnose.lines import lines, weigh_lines
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Number, Profile, Scales, conclude
from snowpit.diagnose.words import count, listed, percent, rate
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed

PROFILE = Profile(
    id="invalid_tokens",
    title="A flood of invalid tokens occupies authentication",
    role=Role.CAUSE,
    mistaken_for=(
        "valid tokens that fail in a storm: those come from all clients, not from few addresses",
        "anonymous requests: they are refused by authorization (403), not by authentication (401)",
    ),
    sources=(
        "kubernetes/kubernetes#124204",
        "kubernetes/kubernetes#135450",
        "kubernetes/kubernetes#112780",
        "kubernetes/cloud-provider-openstack#1318",
    ),
    explains=("loopback_starvation", "hot_client", "retry_storm"),
    mechanism="A failed validation is never remembered, so every request with such a token is checked anew before any limit applies to it.",
)

MIN_FAILED = 100
MIN_SHARE = 0.2
FEW_SHARE = 0.01
MIN_RATE = 10.0
"""Failed logins a second over the active seconds that are more than a broken client here and there."""

MIN_FLOOD = 500
"""Failed logins that are trouble by themselves, if they also make the share and the rate above."""

MIN_BUSY_S = 5


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    if trouble(observed).few and (observed.metrics or observed.logs):
        return _beside_requests(observed, plane)
    bad = sum(item.invalid for item in observed.reviews if item.resource == "tokenreviews")
    failed = observed.logins.attempts + bad
    large = failed / max(1, observed.traffic.attempts) >= MIN_SHARE
    fast = _rate(observed, failed) >= MIN_RATE
    flooding = failed >= MIN_FAILED and (large or fast)
    harmful = trouble(observed).real or (failed >= MIN_FLOOD and large and fast)
    saturating = flooding and _rate(observed, failed) >= 0.8 * LIMITER_PER_S and _limited(plane)
    hidden = saturating and not harmful and not observed.policy.authentication_timed
    scales = Scales()
    _weigh(scales, observed, plane, bad=bad)
    _weigh_beside(scales, observed)
    scales.misses(
        hidden,
        "whether look-ups wait: `Throttling request took` lines of the API server at -v=4, or authentication_attempts in its metrics",
    )
    scales.misses(
        harmful and not observed.policy.has_failures,
        "failed logins: an audit policy that omits neither the stage ResponseStarted nor requests without a user",
    )
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=flooding,
        harmful=harmful,
        visible=not hidden and (observed.policy.has_failures or not harmful),
        claim=_claim(observed, failed, bad),
        denial=_denial(observed, failed, bad, hidden=hidden),
        numbers=_numbers(observed, failed, bad),
        impact=_impact(observed, failed),
        would_change="The same trouble while those clients are stopped.",
    )


def _weigh_beside(scales: Scales, observed: Observed) -> float:
    """What metrics and logs say of failed authentications; their number."""
    told = lines(observed, "authentication", APISERVER)
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines of the API server say that a request could not be authenticated: "
        f"{listed([f'{name} ({count(number)})' for name, number in told.subjects])}.",
        weight=0.8,
        least=MIN_FAILED,
    )
    metrics = measured(observed)
    attempts = metrics.counter("authentication_attempts", APISERVER)
    failed = [item for item in attempts if item.labels.get("result") in ("error", "failure")]
    number, total = sum(map(grown, failed)), sum(map(grown, attempts))
    scales.supports(
        number >= MIN_FAILED and number >= MIN_SHARE * total,
        f"Metrics count {count(number)} failed authentications {since(failed)}, {percent(number / total if total else 0.0)} of all.",
        observation="metrics.counters",
        weight=0.9,
        at=places(failed),
    )
    scales.opposes(
        total >= MIN_FAILED and number < FEW_SHARE * total,
        f"Metrics count {count(number)} failed authentications {since(attempts)}, {percent(number / total if total else 0.0)} of all.",
        observation="metrics.counters",
        weight=0.7,
        at=places(attempts),
    )
    return max(float(told.count), number if number >= MIN_SHARE * total else 0.0)


def _beside_requests(observed: Observed, plane: ControlPlane) -> Finding:
    """The verdict where metrics and logs are all there is."""
    scales = Scales()
    failed = _weigh_beside(scales, observed)
    visible = bool(scales.evidence_for or scales.evidence_against)
    scales.misses(
        not scales.evidence_against,
        "who sends them: failed logins in the audit log (its policy has to keep the stage ResponseStarted and requests without a user)",
    )
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=failed >= MIN_FAILED,
        harmful=trouble(observed).real or failed >= MIN_FLOOD,
        visible=visible,
        claim=f"{count(failed)} requests could not be authenticated, as metrics and logs of the API server tell.",
        denial="Metrics and logs show no flood of failed authentications."
        if visible
        else "Failed authentications are not in this evidence.",
        numbers={"failed_authentications": round(failed)},
        impact=0.5,
        would_change="The same trouble while those clients are stopped.",
    )


def _limited(plane: ControlPlane) -> bool:
    """Whether the loopback limiter is there, or cannot be excluded."""
    limiter = plane.number("loopback_qps")
    return limiter is None or limiter > 0


def _rate(observed: Observed, failed: int) -> float:
    """Failed logins a second while anything happened."""
    return failed / max(1, observed.traffic.active_seconds)


def _impact(observed: Observed, failed: int) -> float:
    """Share of failed logins among all that goes wrong."""
    hurt = trouble(observed)
    total = failed + hurt.rejected + hurt.timed_out + hurt.slow
    return failed / total if total else 0.0


def _weigh(scales: Scales, observed: Observed, plane: ControlPlane, *, bad: int) -> None:
    logins, loop = observed.logins, observed.loopback
    scales.supports(
        logins.attempts >= MIN_FAILED,
        f"{count(logins.attempts)} requests ({percent(logins.share)} of all) fail with 401, up to {count(logins.peak_rate)} in one second.",
        observation="logins",
        weight=0.9,
        at=logins.samples,
    )
    steady = _rate(observed, logins.attempts)
    scales.supports(
        steady >= MIN_RATE and logins.share >= MIN_SHARE,
        f"They come at {rate(steady)} while the server is active: failures are never remembered, so each is checked anew.",
        observation="logins",
        weight=0.6,
    )
    sources = logins.sources
    scales.supports(
        0 < sources.sources <= 10 or sources.top_share >= 0.3,  # noqa: PLR2004 - few addresses, or one that stands out
        f"They come from {count(sources.sources)} addresses; {sources.top} makes {percent(sources.top_share)} of them.",
        observation="logins",
        weight=0.6,
    )
    scales.supports(
        bool(logins.bearer) and (logins.bearer or 0) >= logins.attempts / 2,
        f"{count(logins.bearer or 0)} of them presented a bearer token.",
        observation="logins",
        weight=0.4,
    )
    scales.supports(
        bad >= MIN_FAILED,
        f"{count(bad)} TokenReviews are answered without an identity: the reviewed token is not valid, and that is not remembered.",
        observation="reviews",
        weight=0.8,
    )
    scales.supports(
        loop.visible and loop.busy_s >= MIN_BUSY_S and loop.repeated > loop.distinct_secrets,
        f"The server looks up {count(loop.distinct_secrets)} Secrets again and again, {count(loop.busy_s)} s at 45 to 55 a second: the limiter is full.",
        observation="loopback",
        weight=0.7,
    )
    limiter = plane.number("loopback_qps")
    scales.opposes(
        limiter is not None and limiter < 0,
        f"Kubernetes {plane.version} has no limiter in its loopback client: invalid tokens cost processor time and look-ups, not a queue.",
        observation="hints",
        weight=0.3,
    )


def _where(observed: Observed) -> str:
    logins = observed.logins
    names = [f"{name} ({count(number)})" for name, number in logins.top_sources[:3]]
    agents = [name for name, _ in logins.top_agents[:1] if name]
    return (f", most from {', '.join(names)}" if names else "") + (
        f", user agent {agents[0]}" if agents else ""
    )


def _claim(observed: Observed, failed: int, bad: int) -> str:
    reviews = f" and {count(bad)} TokenReviews of invalid tokens" if bad else ""
    return (
        f"{count(observed.logins.attempts)} requests fail authentication (401){reviews}, {rate(_rate(observed, failed))} while the "
        f"server is active{_where(observed)}."
    )


def _denial(observed: Observed, failed: int, bad: int, *, hidden: bool) -> str:
    text = (
        f"{count(observed.logins.attempts)} requests fail authentication (401) and {count(bad)} reviewed tokens are invalid, "
        f"{rate(_rate(observed, failed))}."
    )
    return f"{text} That can fill the loopback limiter, which this log cannot show." if hidden else text


def _numbers(observed: Observed, failed: int, bad: int) -> dict[str, Number]:
    logins = observed.logins
    return {
        "failed_logins": logins.attempts,
        "invalid_reviews": bad,
        "failed_per_s": round(_rate(observed, failed), 2),
        "share": round(logins.share, 4),
        "peak_per_s": logins.peak_rate,
        "sources": logins.sources.sources,
        "top_source": logins.sources.top,
        "top_source_share": round(logins.sources.top_share, 4),
    }
