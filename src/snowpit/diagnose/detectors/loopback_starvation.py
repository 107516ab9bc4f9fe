"""Everybody who uses a ServiceAccount token waits behind the 50 look-ups a second that the server allows itself.

Claim:
    The loopback client's limiter is full, and requests with ServiceAccount tokens wait for their look-ups.

Mechanism:
    An uncached legacy token costs two sequential GETs (Secret, ServiceAccount) through the server's own client, limited to 50 a
    second with a burst of 100 until 1.13.12, 1.14.8, 1.15.5, 1.16.1 and 1.17.0; until 1.14 every look-up goes this way. So 25
    tokens a second can be validated, and about 250 kept warm by the 10 s cache. Requests with such tokens are authenticated before
    they need a seat, so nothing bounds how many wait; after 60 s they are answered 504, while their look-ups stay in the
    queue as dead work. Certificate users do not notice.

Evidence for:
    GETs of Secrets and ServiceAccounts by system:apiserver at a steady 50 a second; repeated look-ups of the same objects;
    ServiceAccount users that fall silent together while others go on; completions of TokenReviews at 50 a second.

Evidence against:
    A release without the limiter; look-ups well below 50 a second; ServiceAccount users that are answered in time.

Easily mistaken for:
    A full in-flight gate (here the seats may be free); a slow database (then certificate users wait as well).

Cannot tell when:
    The policy leaves out what system:apiserver does. Before 1.20 the audit clock starts after authentication, and the 504 at 60 s
    is not audited: the victims are nearly invisible.

Remedy:
    Fewer ServiceAccount clients, certificates instead of tokens, --service-account-lookup=false for the moment; a release
    without the limiter.

Sources:
    kubernetes/kubernetes#71811, #80465, #83259; kubernetes 1.12.4 pkg/controller/serviceaccount/tokengetter.go; measured on 1.13.5.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.limiter import LIMITER_PER_S, review_drain, waits_full, weigh_waits
from snowpit.diagnose.lines import loopback_waits
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Number, Profile, Scales, conclude, near
from snowpit.diagnose.words import count, rate, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import ClientKind, Observed

PROFILE = Profile(
    id="loopback_starvation",
    title="ServiceAccount authentication waits behind the loopback limiter",
    role=Role.CAUSE,
    mistaken_for=(
        "a full in-flight gate: here requests wait before they need a seat",
        "a slow database: then certificate users wait as well",
    ),
    sources=("kubernetes/kubernetes#71811", "kubernetes/kubernetes#80465", "kubernetes/kubernetes#83259"),
    explains=("server_stall", "retry_storm"),
)

MIN_BUSY_S = 5
"""Seconds at the limiter's rate before it counts as full; the burst of 100 empties within two."""

SILENCE_S = 20.0


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    loop, limiter = observed.loopback, plane.number("loopback_qps")
    gone = limiter is not None and limiter < 0
    logged = waits_full(observed)
    harmful = trouble(observed).real or logged
    full = loop.busy_s >= MIN_BUSY_S
    scales = Scales()
    _weigh(scales, observed, full=full)
    weigh_waits(scales, observed)
    scales.opposes(
        gone,
        f"Kubernetes {plane.version} has no limiter in its loopback client.",
        observation="hints",
        weight=1.0,
    )
    suspect = harmful and not gone and not loop.visible and not logged
    scales.misses(
        suspect,
        "GETs of secrets and serviceaccounts by system:apiserver (audit level Metadata: snowpit policy), or `Throttling request took` "
        "lines of the API server at -v=4",
    )
    alone = full and not harmful and not gone
    scales.misses(
        alone,
        "whether anybody waits for it: `Throttling request took` lines of the API server at -v=4, access-log lines of ServiceAccount users "
        "with 504, or an audit policy that keeps reads, writes and failures",
    )
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=full or logged,
        harmful=harmful,
        visible=not suspect and not alone,
        claim=_claim(observed) if full else _claim_logged(observed),
        denial=_claim(observed) if alone else _denial(observed, plane, gone=gone, suspect=suspect),
        numbers=_numbers(observed),
        impact=0.5,
        would_change="Look-ups well below 50 a second while ServiceAccount users wait.",
    )


def _weigh(scales: Scales, observed: Observed, *, full: bool) -> None:
    loop = observed.loopback
    scales.supports(
        full,
        f"The server looks up Secrets ({count(loop.secrets)}) and ServiceAccounts ({count(loop.serviceaccounts)}) at itself, "
        f"{count(loop.busy_s)} s long at 45 to 55 a second: the limiter allows {rate(LIMITER_PER_S)}.",
        observation="loopback",
        weight=1.0,
    )
    scales.supports(
        loop.repeated > loop.distinct_secrets,
        f"{count(loop.repeated)} of the look-ups repeat an earlier one: concurrent misses, or work for callers that have left.",
        observation="loopback",
        weight=0.5,
    )
    scales.supports(
        loop.after_timeout > 0,
        f"{count(loop.after_timeout)} look-ups come while no review waits any more: dead work.",
        observation="loopback",
        weight=0.4,
    )
    drain = review_drain(observed)
    scales.supports(
        drain is not None and near(drain.rate, LIMITER_PER_S, within=0.1),
        f"Slow TokenReviews end at {rate(drain.rate if drain else 0.0)}, as behind that limiter.",
        observation="drains",
        weight=0.6,
    )
    accounts, others = _kind(observed, "serviceaccount"), _kind(observed, "node")
    scales.supports(
        accounts is not None
        and others is not None
        and accounts.longest_silence_s >= max(SILENCE_S, 3 * others.longest_silence_s),
        f"ServiceAccount users fall silent for {seconds(accounts.longest_silence_s if accounts else None)} while kubelets go on.",
        observation="kinds",
        weight=0.5,
    )


def _kind(observed: Observed, kind: str) -> ClientKind | None:
    return next((item for item in observed.kinds if item.kind == kind), None)


def _claim(observed: Observed) -> str:
    loop = observed.loopback
    return (
        f"The server's own look-ups of ServiceAccount tokens stand at their limit of {rate(LIMITER_PER_S)} for {count(loop.busy_s)} s "
        f"({count(loop.secrets + loop.serviceaccounts)} look-ups for {count(loop.distinct_secrets)} Secrets), so every client with "
        "such a token has to wait before it is even admitted."
    )


def _claim_logged(observed: Observed) -> str:
    found = loopback_waits(observed)
    if found is None:
        return ""
    return (
        f"The server's own look-ups of ServiceAccount tokens wait up to {seconds(found.max_wait_s)} for their limiter of {rate(LIMITER_PER_S)} "
        f"({count(found.lines)} throttling lines for {count(found.distinct)} objects), so every client with such a token has to wait before "
        "it is even admitted."
    )


def _denial(observed: Observed, plane: ControlPlane, *, gone: bool, suspect: bool) -> str:
    loop = observed.loopback
    if gone:
        return f"Kubernetes {plane.version} looks up tokens without a limiter."
    if suspect:
        return "The server is in trouble, but its own look-ups of tokens are not in this log."
    if not loop.visible:
        return "The server's own look-ups are not in this log, and it is not in trouble."
    return (
        f"The server makes {count(loop.secrets + loop.serviceaccounts)} look-ups at itself and is at the limiter's rate "
        f"({rate(LIMITER_PER_S)}) for {count(loop.busy_s)} s only."
    )


def _numbers(observed: Observed) -> dict[str, Number]:
    loop = observed.loopback
    accounts = _kind(observed, "serviceaccount")
    waits = loopback_waits(observed)
    return {
        "throttling_lines": waits.lines if waits else None,
        "longest_wait_s": round(waits.max_wait_s, 1) if waits else None,
        "lookups_secrets": loop.secrets,
        "lookups_serviceaccounts": loop.serviceaccounts,
        "distinct_secrets": loop.distinct_secrets,
        "busy_rate": round(loop.busy_rate, 1),
        "busy_s": loop.busy_s,
        "peak_rate": loop.peak_rate,
        "repeated": loop.repeated,
        "after_timeout": loop.after_timeout,
        "serviceaccount_users": accounts.users if accounts else None,
        "serviceaccount_silence_s": round(accounts.longest_silence_s, 1) if accounts else None,
    }
