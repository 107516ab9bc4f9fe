"""The database behind the API server is slow, and with it every request that reaches it.

Claim:
    Calls of the API server to etcd take long, because etcd writes its log slowly, loses its leader, or is too large.

Mechanism:
    Every write, and every read that may not come from the watch cache, waits for etcd. etcd answers a write when a
    majority has its log on disk (fsync): a slow disk, a busy neighbour, a full database or elections delay all of them. Requests
    keep their seats meanwhile.

Evidence for:
    etcd_request_duration_seconds of the API server; wal_fsync above 10 ms and backend commits above 25 ms at the 99th percentile;
    leader changes; lines such as `took too long`; failed heartbeats between members.

Evidence against:
    Calls to the database that are answered in milliseconds; single reads and writes that are fast while the server is in trouble.

Easily mistaken for:
    A slow webhook (only writes are slow); a stalled API server (then etcd itself is fast); large LISTs (then etcd is slow because of them).

Cannot tell when:
    There are neither metrics nor logs of etcd or the API server, and the audit log shows no fast requests.

Remedy:
    A disk of its own with fast fsync for etcd; events in an etcd of their own; defragment; look for who reads all of it.

Sources:
    etcd documentation on hardware and tuning; etcd-io/etcd discussion 17305; kubernetes/kubernetes#70082, #111116.
"""

from collections.abc import Sequence

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import exposes, grown, mean_of, measured, places, slowest
from snowpit.diagnose.lines import lines, weigh_lines, writes_log
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Distribution, Observed

PROFILE = Profile(
    id="etcd_slow",
    title="The database (etcd) is slow",
    role=Role.CAUSE,
    mistaken_for=(
        "a slow webhook: only writes would be slow",
        "a stalled API server: etcd itself would be fast",
    ),
    sources=("etcd-io/etcd discussion 17305", "kubernetes/kubernetes#70082", "kubernetes/kubernetes#111116"),
    explains=(
        "server_stall",
        "inflight_limit",
        "retry_storm",
        "heartbeat_pressure",
        "lease_lost",
        "nodes_not_ready",
        "apf_starvation",
    ),
    mechanism="Every write, and every read that may not come from a cache, holds its seat until etcd has answered.",
)

FSYNC_S, COMMIT_S = 0.010, 0.025
"""99th percentiles up to which etcd calls a disk good enough."""

FAR = 10
SLOW_MEAN_S, SLOW_P99_S = 0.1, 1.0
FAST_MEAN_S, FAST_P99_S = 0.02, 0.3
ENOUGH = 50
MIN_LINES = 10


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    calls = measured(observed).distribution("etcd_request_duration_seconds")
    slow = _slow(calls)
    told = lines(observed, "etcd_slow")
    failed = lines(observed, "etcd_error")
    scales = Scales()
    _weigh_calls(scales, calls, slow)
    far = _weigh_etcd(scales, observed)
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines of logs tell of slow requests to etcd, up to {seconds(told.longest_s)}.",
        weight=0.9,
        least=MIN_LINES,
    )
    weigh_lines(
        scales,
        failed,
        f"{count(failed.count)} lines tell of failed calls to etcd or lost leaders.",
        weight=0.5,
    )
    fast = _fast_requests(observed)
    scales.opposes(
        fast > 0 and not calls and not far and told.count < MIN_LINES,
        f"{count(fast)} single reads and writes in this evidence are answered in milliseconds, and they all need the database.",
        observation="traffic",
        weight=1.0,
    )
    known = (
        bool(calls) or exposes(observed, "etcd") or writes_log(observed, "etcd") or told.count > 0 or fast > 0
    )
    scales.misses(
        not calls and not exposes(observed, "etcd"),
        "etcd_disk_wal_fsync_duration_seconds, etcd_server_leader_changes_seen_total of every member; etcd_request_duration_seconds of the API server",
    )
    seen = bool(slow) or far or told.count >= MIN_LINES
    mean = mean_of(calls)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=seen,
        harmful=seen,
        visible=known,
        claim=_claim(slow, told_lines=told.count, far=far),
        denial=f"Calls to the database take {seconds(mean)} on average."
        if calls
        else "Requests that need the database are fast."
        if fast
        else "Neither etcd nor calls to it are seen to be slow.",
        numbers={
            "calls": sum(item.count for item in calls),
            "mean_s": None if mean is None else round(mean, 4),
            "lines": told.count,
            "fast_requests": fast,
        },
        impact=0.7 if trouble(observed).real else 0.4,
        would_change="Calls to etcd that take milliseconds while the server is slow.",
    )


def _slow(calls: Sequence[Distribution]) -> tuple[Distribution, ...]:
    return tuple(
        item
        for item in calls
        if item.count >= ENOUGH and ((item.mean or 0) >= SLOW_MEAN_S or _slow_tail(item))
    )


def _slow_tail(item: Distribution) -> bool:
    """A long tail that is more than a few calls right after a start: then the mean is high as well."""
    return (item.p99 or 0.0) >= SLOW_P99_S and (item.mean or 0.0) >= FAST_MEAN_S


def _weigh_calls(scales: Scales, calls: Sequence[Distribution], slow: Sequence[Distribution]) -> None:
    worst = slowest(slow, least=1)
    if worst is not None:
        scales.supports(
            True,  # noqa: FBT003 - a gate before this
            f"The API server's calls to the database ({' '.join(worst.labels.values())}) take {seconds(worst.mean)} on average, "
            f"{seconds(worst.p99)} at the 99th percentile.",
            observation="metrics.distributions",
            weight=0.9,
            at=places([worst]),
        )
        return
    mean, most = mean_of(calls), max((item.p99 or 0.0 for item in calls if item.count >= ENOUGH), default=0.0)
    total = sum(item.count for item in calls)
    scales.opposes(
        total >= ENOUGH and (mean or 0.0) < FAST_MEAN_S and most < FAST_P99_S,
        f"{count(total)} calls to the database take {seconds(mean)} on average; no kind of them exceeds {seconds(most)} at the 99th percentile.",
        observation="metrics.distributions",
        weight=1.0,
        at=places(calls),
    )


def _weigh_etcd(scales: Scales, observed: Observed) -> bool:
    """What etcd says of itself; true if it is far from good."""
    metrics, far = measured(observed), False
    for name, limit, what in (
        ("etcd_disk_wal_fsync_duration_seconds", FSYNC_S, "Writing etcd's log (fsync)"),
        ("etcd_disk_backend_commit_duration_seconds", COMMIT_S, "A commit of etcd's database"),
    ):
        found = [
            item for item in metrics.distribution(name) if item.count >= ENOUGH and (item.p99 or 0) > limit
        ]
        worst = max(found, key=lambda item: item.p99 or 0.0, default=None)
        if worst is not None:
            wide = (worst.p99 or 0) >= FAR * limit
            far |= wide
            text = (
                f"{what} takes {seconds(worst.p99)} at the 99th percentile; good is below {seconds(limit)}."
            )
            scales.supports(
                True,  # noqa: FBT003 - a gate before this
                text,
                observation="metrics.distributions",
                weight=0.9 if wide else 0.3,
                at=places([worst]),
            )
    changes = [
        item for item in metrics.counter("etcd_server_leader_changes_seen_total") if item.increase >= 1
    ]
    scales.supports(
        bool(changes),
        f"The leader of etcd changed {count(max((item.increase for item in changes), default=0))} times between the scrapes.",
        observation="metrics.counters",
        weight=0.6,
        at=places(changes),
    )
    beats = [
        item for item in metrics.counter("etcd_server_heartbeat_send_failures_total") if grown(item) >= ENOUGH
    ]
    scales.supports(
        bool(beats),
        f"{count(sum(map(grown, beats)))} heartbeats between members of etcd failed.",
        observation="metrics.counters",
        weight=0.5,
        at=places(beats),
    )
    return far


def _fast_requests(observed: Observed) -> int:
    """Requests in classes of single reads and writes that nearly all end within 100 ms; 0 if many such classes are slow."""
    kinds = [
        item
        for item in observed.traffic.classes
        if not item.long_running
        and item.key.verb in ("get", "create", "update", "patch", "delete")
        and item.key.resource
        and "review" not in item.key.resource
        and item.p90_s is not None
        and item.attempts >= ENOUGH
    ]
    fast = [item for item in kinds if (item.p90_s or 0.0) < SLOW_MEAN_S]
    return sum(item.attempts for item in fast) if 2 * len(fast) > len(kinds) else 0


def _claim(slow: Sequence[Distribution], *, told_lines: int, far: bool) -> str:
    worst = slowest(slow, least=1)
    if worst is not None:
        return f"The database answers late: calls of the API server to etcd take {seconds(worst.mean)} on average ({' '.join(worst.labels.values())})."
    if far:
        return "etcd writes to its disk far too slowly, so every request that needs the database has to wait."
    return f"The database answers late: {count(told_lines)} lines of logs say so."
