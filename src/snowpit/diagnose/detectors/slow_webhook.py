"""An admission webhook makes every write slow.

Claim:
    Writes of nearly every kind are slow while reads are fast, because an admission webhook answers late or not at all.

Mechanism:
    Admission webhooks are called while the request holds its mutating seat. One that does not answer keeps the seat until its
    timeout (30 s by default in v1beta1, 10 s in v1, or timeoutSeconds), for each write that its rules match; then the
    write fails or goes on (failurePolicy). Seats fill at a rate of slow writes times the timeout.

Evidence for:
    Several kinds of write with long sojourn times, reads without; a latency mode at a webhook's timeout; the webhook's part in the
    audit annotations (from 1.24, requests over 500 ms); answers 500.

Evidence against:
    Reads just as slow (then storage or the whole server is slow); only one resource slow; annotations that show no webhook time.

Easily mistaken for:
    A slow database (single reads would be slow as well); the TokenReview storm (there only reviews are slow).

Cannot tell when:
    The policy leaves out writes. Before 1.24 nothing in the audit log names the webhook; its log line does:
    `failed calling webhook`.

Remedy:
    Take it out of the way (failurePolicy Ignore, short timeout), narrow its rules, run several replicas.

Sources:
    kubernetes/kubernetes#82768, #71508; admissionregistration.k8s.io/v1 and v1beta1.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import mean_of, measured, places
from snowpit.diagnose.lines import lines, weigh_lines
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Number, Profile, Scales, conclude, near
from snowpit.diagnose.words import count, listed, percent, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import ClassTraffic, Mode, Observed

PROFILE = Profile(
    id="slow_webhook",
    title="An admission webhook makes writes slow",
    role=Role.CAUSE,
    mistaken_for=(
        "a slow database: single reads would be slow as well",
        "the TokenReview storm: there only reviews are slow",
    ),
    sources=("kubernetes/kubernetes#82768", "kubernetes/kubernetes#71508"),
    explains=("inflight_limit", "retry_storm", "heartbeat_pressure"),
    mechanism="The webhook is called while the write holds its seat, so every matching write keeps a seat until the webhook answers or its timeout ends.",
)

SLOW_S = 0.5
MIN_ATTEMPTS = 10
MIN_CLASSES = 3
REVIEWS = ("tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews", "localsubjectaccessreviews")
TIMEOUTS_S = (30.0, 15.0, 10.0, 5.0)
"""Defaults of v1beta1 and v1, and the values that operators set most often."""


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    writes = [
        item
        for item in observed.traffic.classes
        if _counts(item) and item.mutating and item.key.resource not in REVIEWS
    ]
    slow = [item for item in writes if (item.p90_s or 0.0) >= SLOW_S]
    held = sum(item.held_share for item in slow)
    hooked = {
        name: value
        for name, value in observed.webhooks.items()
        if value[1] >= SLOW_S and value[0] >= MIN_ATTEMPTS
    }
    modes = _modes(observed, slow)
    scales = Scales()
    scales.misses(
        not observed.policy.has_write, "an audit rule of level Metadata for all writes: snowpit policy"
    )
    scales.misses(
        bool(slow) and not hooked,
        "which webhook: apiserver_admission_webhook_admission_duration_seconds by name, or `failed calling webhook` in the API server's log",
    )
    _weigh(scales, observed, slow, hooked=hooked, modes=modes)
    named = _weigh_beside(scales, observed)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=(bool(hooked or len({item.key.resource for item in slow}) >= MIN_CLASSES) and held >= 0.5)  # noqa: PLR2004 - most of it
        or (bool(named) and not observed.traffic.attempts),
        harmful=trouble(observed).real
        or (bool(named) and not observed.traffic.attempts)
        or sum(item.attempts for item in slow) >= 50,  # noqa: PLR2004 - more than noise
        visible=observed.policy.has_write or not trouble(observed).real,
        claim=_claim(slow, hooked=hooked, modes=modes, held=held)
        if observed.traffic.attempts
        else f"Calls to admission webhooks are late or fail ({listed(named)}), and every write that they match waits with its seat.",
        denial=f"{count(len(slow))} of {count(len(writes))} kinds of write are slow (90th percentile of {seconds(SLOW_S)} and more)."
        if writes
        else "No call to an admission webhook is seen to be slow or to fail.",
        numbers=_numbers(slow, hooked=hooked, modes=modes, held=held),
        impact=held,
        would_change="Single reads that are as slow as the writes, or webhook metrics that show short calls.",
    )


def _weigh_beside(scales: Scales, observed: Observed) -> list[str]:
    """What metrics and logs say of webhooks by name; names of those that are slow or fail."""
    calls = measured(observed).distribution("apiserver_admission_webhook_admission_duration_seconds")
    late = [item for item in calls if item.count >= MIN_ATTEMPTS and (item.mean or 0.0) >= SLOW_S]
    worst = max(late, key=lambda item: (item.mean or 0.0) * item.count, default=None)
    scales.supports(
        worst is not None,
        f"Calls to webhook {worst.labels.get('name', '') if worst else ''} take {seconds(worst.mean if worst else None)} on average.",
        observation="metrics.distributions",
        weight=1.0,
        at=places(late),
    )
    told = lines(observed, "webhook_failed")
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines of logs tell of failed calls to webhooks: {listed([name for name, _ in told.subjects]) or 'no name told'}.",
        weight=0.9,
        least=MIN_ATTEMPTS,
    )
    total = sum(item.count for item in calls)
    scales.opposes(
        total >= 50 and not late and not told.count,  # noqa: PLR2004 - enough to say so
        f"{count(total)} calls to admission webhooks took {seconds(mean_of(calls))} on average.",
        observation="metrics.distributions",
        weight=1.0,
        at=places(calls),
    )
    names = [item.labels.get("name", "") for item in late]
    names += [name for name, _ in told.subjects] if told.count >= MIN_ATTEMPTS else []
    return list(dict.fromkeys(name for name in names if name)) or ["a webhook"] * (told.count >= MIN_ATTEMPTS)


def _counts(item: ClassTraffic) -> bool:
    return not item.long_running and item.attempts - item.outcomes.get("rejected", 0) >= MIN_ATTEMPTS


def _modes(observed: Observed, slow: list[ClassTraffic]) -> list[Mode]:
    """Latency modes of slow writes at a usual timeout of webhooks."""
    keys = {item.key for item in slow}
    return [
        mode
        for mode in observed.modes
        if mode.key in keys and any(near(mode.at_s, limit, within=0.05) for limit in TIMEOUTS_S)
    ]


def _slow_reads(observed: Observed) -> tuple[list[ClassTraffic], list[ClassTraffic]]:
    """Kinds of single read, and those of them that are slow."""
    reads = [item for item in observed.traffic.classes if _counts(item) and item.key.verb == "get"]
    return reads, [item for item in reads if (item.p90_s or 0.0) >= SLOW_S]


def _weigh(
    scales: Scales,
    observed: Observed,
    slow: list[ClassTraffic],
    *,
    hooked: dict[str, tuple[int, float, float]],
    modes: list[Mode],
) -> None:
    reads, slow_reads = _slow_reads(observed)
    worst = max(hooked.items(), key=lambda item: item[1][1]) if hooked else None
    scales.supports(
        worst is not None,
        f"The audit annotations show webhook time on {count(sum(item[0] for item in hooked.values()))} requests, first "
        f"{worst[0] if worst else ''} with {seconds(worst[1][1]) if worst else ''} in the median.",
        observation="webhooks",
        weight=1.0,
    )
    scales.supports(
        bool(slow) and bool(reads) and not slow_reads,
        f"{count(len(slow))} kinds of write are slow ({listed([str(item.key) for item in slow])}) while single reads are fast.",
        observation="traffic",
        weight=0.7,
    )
    scales.supports(
        bool(modes),
        f"{count(sum(mode.attempts for mode in modes))} writes end at {listed([seconds(at) for at in _ends(modes)])}: a usual timeout of webhooks.",
        observation="modes",
        weight=0.7,
    )
    failed = sum(item.outcomes.get("server_error", 0) for item in slow)
    scales.supports(
        failed >= 10,  # noqa: PLR2004 - more than noise
        f"{count(failed)} of the slow writes are answered with a server error.",
        observation="traffic",
        weight=0.3,
    )
    scales.opposes(
        len(slow_reads) > len(reads) / 2 and bool(reads) and not hooked,
        f"Single reads are slow as well: {listed([str(item.key) for item in slow_reads])}.",
        observation="traffic",
        weight=1.0,
    )


def _ends(modes: list[Mode]) -> list[float]:
    return sorted({round(mode.at_s, 1) for mode in modes})


def _claim(
    slow: list[ClassTraffic], *, hooked: dict[str, tuple[int, float, float]], modes: list[Mode], held: float
) -> str:
    kinds = listed([str(item.key) for item in slow])
    at = f", ending at {listed([seconds(at) for at in _ends(modes)])}" if modes else ""
    shown = (
        "the audit annotations name admission webhooks"
        if hooked
        else "reads are not, as with a slow admission webhook"
    )
    return f"{count(len(slow))} kinds of write are slow ({kinds}{at}) and hold {percent(held)} of the mutating seat time; {shown}."


def _numbers(
    slow: list[ClassTraffic], *, hooked: dict[str, tuple[int, float, float]], modes: list[Mode], held: float
) -> dict[str, Number]:
    return {
        "slow_write_classes": len(slow),
        "slow_writes": sum(item.attempts for item in slow),
        "held_share": round(held, 4),
        "mode_s": _ends(modes)[0] if modes else None,
        "webhook_requests": sum(item[0] for item in hooked.values()),
        "webhook_p50_s": round(max(item[1] for item in hooked.values()), 3) if hooked else None,
        "server_errors": sum(item.outcomes.get("server_error", 0) for item in slow),
    }
