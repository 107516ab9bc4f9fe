"""The TokenReview storm as each source shows it, in the order in which operators find their way to it.

Log, metrics, configuration, audit log (who asks), version (why it hangs), caches (why it goes on), audit log again (whose
token), configuration again (who shows it). A step that the evidence does not hold is left out.
"""

from collections.abc import Callable

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, exposes, measured, places
from snowpit.diagnose.gate import gate, gauge_misleads
from snowpit.diagnose.limiter import LIMITER_PER_S
from snowpit.diagnose.lines import loopback_waits
from snowpit.diagnose.sources import CONFIGURATION, LOG, METRICS, VERSION, requests_from
from snowpit.diagnose.words import count, listed, percent, rate, seconds
from snowpit.model.evidence import Pointer
from snowpit.model.finding import Finding, Layer, Statement
from snowpit.model.observation import Observed, Reviews

LIMIT_FLAG = "max-mutating-requests-inflight"
AUDIT_CLOCK = (
    "Before 1.20 the audit event begins after authentication: clients with ServiceAccount tokens that wait there look fast, or "
    "are absent; only access lines show their wait."
)


def storm_layers(root: Finding, observed: Observed, plane: ControlPlane) -> tuple[Layer, ...]:
    """All steps for which there is evidence.

    Args:
        root: The finding ``token_review_storm``.
        observed: What it was found in.
        plane: The server, as far as known.
    """
    made = (step(root, observed, plane) for step in STEPS)
    return tuple(layer for layer in made if layer is not None)


def _reviews(observed: Observed) -> Reviews | None:
    return observed.review("tokenreviews", "node") or observed.review("tokenreviews", "other")


def _log(_: Finding, observed: Observed, __: ControlPlane) -> Layer | None:
    """What the API server's log shows first: reviews that hang."""
    slow = [
        item
        for kind in ("timeout", "trace")
        for item in (observed.logs.of(kind, APISERVER) if observed.logs else ())
        if "tokenreviews" in item.subject and item.lines
    ]
    if not slow:
        return None
    worst = max(slow, key=lambda item: (item.max_s or 0.0, item.lines))
    return Layer(
        source=LOG,
        showed=f"{count(sum(item.lines for item in slow))} lines tell of slow or timed-out TokenReviews, up to {seconds(worst.max_s)}.",
        concludes="Something makes reviews hang until the server's own time limit; perhaps they exhaust its limits. The log does not say who asks.",
        pointers=worst.pointers,
    )


def _gauges(_: Finding, observed: Observed, plane: ControlPlane) -> Layer | None:
    """What metrics show: the mutating limit, and where the gauge misleads."""
    if not exposes(observed, APISERVER):
        return None
    found, misleads = gate(observed, plane, "mutating"), gauge_misleads(observed, plane)
    refused = measured(observed).grown(
        "apiserver_request_total", APISERVER, resource="tokenreviews", code="429"
    )
    parts = [
        f"the gauge of mutating requests stands at {count(found.high or 0)} of {count(found.limit)}"
    ] * found.full
    parts += [
        f"{count(found.refused)} mutating requests were refused by the limit of {count(found.limit)}"
    ] * bool(found.refused)
    parts += [f"{count(refused)} TokenReviews were answered 429"] * bool(refused)
    if not parts:
        return None
    text = listed(parts)
    return Layer(
        source=METRICS,
        showed=f"{text[:1].upper()}{text[1:]}.",
        concludes="The mutating limit is full. That is where it shows, not where it comes from.",
        misleads=misleads,
        pointers=found.at
        or places(measured(observed).counter("apiserver_dropped_requests_total", APISERVER)),
    )


def _waits(_: Finding, observed: Observed, __: ControlPlane) -> Layer | None:
    """What the log shows at -v=4: the limiter itself."""
    found = loopback_waits(observed)
    if found is None:
        return None
    kinds = listed([f"{name} ({count(distinct)} objects)" for name, _, distinct in found.objects])
    at_rate = f", at {rate(found.rate)}" if found.rate else ""
    many = found.distinct > 10  # noqa: PLR2004 - not one token over and over
    return Layer(
        source=LOG,
        showed=f"{count(found.lines)} throttling lines of the API server's own client: {kinds}{at_rate}, waits up to {seconds(found.max_wait_s)}.",
        concludes=f"The loopback limiter is full; look-ups are for {'many tokens' if many else 'few tokens'}. It holds up whoever shows a ServiceAccount token, with or without a seat.",
        pointers=found.pointers,
    )


def _limit(_: Finding, observed: Observed, plane: ControlPlane) -> Layer | None:
    """The limit as configured: raising it does not help."""
    processes = observed.configuration.of("kube-apiserver") if observed.configuration else ()
    found = next((process.flags[LIMIT_FLAG] for process in processes if LIMIT_FLAG in process.flags), None)
    if not processes:
        return None
    limit = plane.limit("mutating")
    where = (
        f"--{LIMIT_FLAG}={found.value}" if found else f"no --{LIMIT_FLAG}, so the default of {count(limit)}"
    )
    most = 15 * LIMITER_PER_S
    high = limit > most
    return Layer(
        source=CONFIGURATION,
        showed=f"The API server is started with {where}.",
        concludes=(
            f"At {count(limit)} seats of 30 s each the reviews alone can fill the limiter: the limit was raised too far, and the storm cannot end by itself."
            if high
            else f"A higher limit is no way out: it admits more reviews that the limiter cannot serve, and above {count(most)} seats the storm feeds on itself."
        ),
        pointers=(found.pointer,) if found and found.pointer else (),
    )


ALL_ALIKE = "No hot node: the load comes from all nodes alike. It looks like normal traffic, and does not yet say why they all ask."
ONE_ADDRESS = (
    "Reviews hold the seats. Whether all nodes ask alike cannot be told: one address stands for all of them."
)


def _who(root: Finding, observed: Observed, plane: ControlPlane) -> Layer | None:
    """Who asks: all kubelets, evenly."""
    reviews = _reviews(observed)
    if reviews is None:
        return None
    spread = reviews.creators if reviews.creators.sources > 1 else reviews.sources
    blind = plane.number("audit_clock_includes_authentication")
    early = observed.policy.authentication_timed is False or blind == 0
    one = spread.sources <= 1
    by = (
        "from one address"
        if one
        else f"by {count(spread.sources)} kubelets, the busiest with {percent(spread.top_share)}"
    )
    return Layer(
        source=requests_from(observed),
        showed=(
            f"{count(reviews.attempts)} TokenReviews {by}; they hold {percent(reviews.held_share)} of the mutating seat time, "
            f"{seconds(reviews.mean_s)} each."
        ),
        concludes=ONE_ADDRESS if one else ALL_ALIKE,
        misleads=AUDIT_CLOCK if early else "",
        pointers=reviews.samples or _pointers(root.evidence_for),
    )


def _why(root: Finding, _: Observed, plane: ControlPlane) -> Layer | None:
    """Why a review hangs on this release."""
    limiter = plane.number("loopback_qps")
    if plane.version is None:
        return None
    return Layer(
        source=VERSION,
        showed=f"Kubernetes {plane.version}: {root.mechanism}",
        concludes=(
            f"The {rate(LIMITER_PER_S)} of the loopback client are the narrow place; no flag changes them."
            if limiter is not None and limiter > 0
            else "This release has no such limiter: look for what makes validation slow."
        ),
    )


def _loop(root: Finding, observed: Observed, plane: ControlPlane) -> Layer | None:
    """Why it goes on: caches gone cold, retries, dead work."""
    kept, asked = plane.number("token_cache_success_ttl_s"), plane.number("kubelet_review_cache_ok_s")
    dead = root.numbers.get("dead_lookups") or 0
    retries = observed.retries
    if plane.version is None or not (retries.retries or dead):
        return None
    parts = [f"{count(retries.retries)} attempts repeat one that failed"] * bool(retries.retries)
    parts += [f"{count(float(dead))} look-ups run on after their reviews ended"] * bool(dead)
    caches = (
        f"the server remembers a token {seconds(kept)}"
        if kept
        else "the server remembers a token for seconds only"
    )
    caches += f", a kubelet a review {seconds(asked)}" if asked else ""
    return Layer(
        source=requests_from(observed),
        showed=f"{listed(parts)[:1].upper()}{listed(parts)[1:]}.",
        concludes=f"Once the caches are cold ({caches}), failures breed new reviews: it does not die by itself.",
    )


def _whose(_: Finding, observed: Observed, __: ControlPlane) -> Layer | None:
    """Whose token is reviewed."""
    reviews = _reviews(observed)
    if reviews is None or not reviews.subjects:
        return None
    first = reviews.subjects[0]
    few = first.share >= 0.5  # noqa: PLR2004 - most of them
    return Layer(
        source=requests_from(observed),
        showed=f"The reviewed user is {first.name} in {percent(first.share)} of {count(reviews.subject_known)} reviews with a known subject.",
        concludes=(
            f"One client shows its ServiceAccount token to every kubelet: {first.name.rpartition(':')[2]}."
            if few
            else f"{count(reviews.distinct_subjects)} ServiceAccounts show their tokens to kubelets."
        ),
        pointers=reviews.samples,
    )


def _scraper(_: Finding, observed: Observed, __: ControlPlane) -> Layer | None:
    """Who scrapes kubelets with a ServiceAccount token."""
    scrapers = observed.configuration.scrapers if observed.configuration else ()
    guilty = [item for item in scrapers if item.credential == "ServiceAccount token"]
    if not scrapers:
        return None
    if not guilty:
        named = listed([f"{item.component} ({item.credential})" for item in scrapers])
        return Layer(
            source=CONFIGURATION,
            showed=f"The scrapers of kubelets that are configured: {named}.",
            concludes="None of them is seen to show a ServiceAccount token: another client must, or what runs differs from this.",
        )
    named = listed(
        [f"{item.component} ({item.object})" if item.object else item.component for item in guilty]
    )
    return Layer(
        source=CONFIGURATION,
        showed=f"Scrapes kubelets with a ServiceAccount token: {named}.",
        concludes="With a client certificate in its place no kubelet needs to ask for a review.",
        pointers=tuple(item.pointer for item in guilty if item.pointer),
    )


def _pointers(statements: tuple[Statement, ...]) -> tuple[Pointer, ...]:
    """Places of the first statement that names any."""
    return next((item.pointers for item in statements if item.pointers), ())


STEPS: tuple[Callable[[Finding, Observed, ControlPlane], Layer | None], ...] = (
    _log,
    _gauges,
    _limit,
    _who,
    _why,
    _waits,
    _loop,
    _whose,
    _scraper,
)
"""Steps in order."""
