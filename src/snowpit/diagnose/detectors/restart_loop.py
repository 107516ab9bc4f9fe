"""The API server ends and starts again and again, mostly for want of memory, and each start brings the herd back.

Claim:
    An API server was started several times within the evidence.

Mechanism:
    A start empties caches and closes all watches: every client lists anew, all at once. If that herd takes more memory or time
    than there is, the kernel or the liveness probe kills the server, and it starts over. From 1.12 to 1.16 each
    60 s time-out leaks a goroutine, which brings the end nearer.

Evidence for:
    Start times that change; counters that fall; lines of starts, of a killed process, of failed health checks; a container
    in a crash loop.

Evidence against:
    One start before the evidence begins, and none in it.

Easily mistaken for:
    A rolling upgrade (each server starts once, with another release); a stall (the process lives on).

Cannot tell when:
    There are neither metrics of two instants nor a log of the API server; from requests a start can only be guessed.

Remedy:
    Memory for the peak after a start; a longer initial delay of the probe; fewer clients at once; find the LISTs.

Sources:
    kubernetes/kubernetes#57405, #83333, #81901, #115206, #124502; openshift/multus-admission-controller#40.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, measured, places
from snowpit.diagnose.lines import lines, starts, weigh_lines, writes_log
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Instance, Observed
from snowpit.model.window import MICROS

PROFILE = Profile(
    id="restart_loop",
    title="The API server restarts again and again",
    role=Role.SUSTAINS,
    mistaken_for=("a rolling upgrade: each server starts once", "a stall: the process lives on"),
    sources=("kubernetes/kubernetes#57405", "kubernetes/kubernetes#83333", "kubernetes/kubernetes#124502"),
    explains=("relist_herd", "lease_lost"),
    mechanism="Each start empties the caches and brings all clients back at once; what they ask for ends the server again.",
)

MANY = 2
LONG_S = 600.0
"""A stretch without a start from which on it is no loop."""


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    servers = [item for item in measured(observed).instances if item.component == APISERVER]
    restarts = max((_restarts(item) for item in servers), default=0)
    started, killed = lines(observed, "started", APISERVER), lines(observed, "panic", APISERVER)
    logged_starts = starts(observed, APISERVER)
    crash, sick = lines(observed, "crash_loop", subject=APISERVER), lines(observed, "health")
    again = max(restarts, logged_starts - 1)
    scales = Scales()
    scales.supports(
        restarts > 0,
        f"An API server started {count(restarts)} times between the scrapes, as its start time tells.",
        observation="metrics.instances",
        weight=1.0 if restarts >= MANY else 0.6,
        at=places(measured(observed).gauge("process_start_time_seconds", APISERVER)),
    )
    scales.supports(
        logged_starts > 1,
        f"Its log shows {count(logged_starts)} starts of one server.",
        observation="logs",
        weight=1.0 if logged_starts > MANY else 0.6,
        at=started.at,
    )
    weigh_lines(
        scales, crash, f"{count(crash.count)} lines tell of its container in a crash loop.", weight=0.8
    )
    weigh_lines(
        scales,
        killed,
        f"{count(killed.count)} lines tell of a panic or of a process killed for want of memory.",
        weight=0.7,
    )
    scales.supports(
        again > 0 and sick.count > 0,
        f"{count(sick.count)} health checks failed.",
        observation="logs",
        weight=0.4,
        at=sick.at,
    )
    up = max((_uptime(item) for item in servers), default=0.0)
    doubtful = any(item.restarts and _guessed(item) for item in servers)
    quiet = bool(servers) and not again and up >= LONG_S and not doubtful
    scales.opposes(
        quiet,
        f"No API server started within the scrapes; the one that runs longest was up for {seconds(up)}.",
        observation="metrics.instances",
        weight=1.0,
    )
    logged = writes_log(observed, APISERVER)
    scales.opposes(
        logged and logged_starts <= 1 and not again and not crash.count and not killed.count,
        f"Its log shows {'one start' if logged_starts else 'no start'} and no end.",
        observation="logs",
        weight=1.0,
    )
    scales.misses(
        not quiet and not logged,
        "process_start_time_seconds of every API server at two instants, and its log from the start before",
    )
    seen = again >= MANY or crash.count > 0 or (again > 0 and killed.count > 0)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=seen,
        harmful=seen,
        visible=bool(seen or quiet or logged),
        claim=f"The API server was started {count(again)} more times within this evidence"
        + (
            f", and {count(killed.count)} lines tell of a panic or of lacking memory."
            if killed.count
            else "."
        ),
        denial="No API server is seen to start again."
        if quiet or logged
        else "Starts of the API server are not in this evidence.",
        numbers={
            "restarts": restarts,
            "starts_logged": logged_starts,
            "killed": killed.count,
            "uptime_s": round(up, 1),
        },
        impact=0.6,
        would_change="Start times that stay the same.",
    )


def _restarts(item: Instance) -> int:
    """Starts that lie within the scrapes; dumps of several servers without names are no restarts."""
    within = item.started is not None and item.first_at is not None and item.started > item.first_at
    return item.restarts if within and not _guessed(item) else 0


def _guessed(item: Instance) -> bool:
    """Whether nothing names the server, so that dumps were put together by their times alone."""
    return item.server.startswith("#")


def _uptime(item: Instance) -> float:
    if item.started is None or item.last_at is None:
        return 0.0
    return max(0.0, (item.last_at - item.started) / MICROS)
