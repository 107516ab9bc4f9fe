"""Work that nobody waits for any more piles up inside the API server.

Claim:
    The number of goroutines in the API server grows and does not fall again.

Mechanism:
    A request that times out leaves its handler behind until that ends by itself. Behind a limiter or a dead webhook it does so
    late; from 1.12 to 1.16 the handler of a request cut off at 60 s may never end. Each holds memory and its share of
    whatever it waits for.

Evidence for:
    go_goroutines that only grows, by half and by a thousand at least; a release that leaks on time-outs; requests that time out.

Evidence against:
    A level number; a number that falls back when the load goes (then it was a backlog, no leak).

Easily mistaken for:
    Many watches (three goroutines and more each, but they do not grow); a backlog during an overload.

Cannot tell when:
    There is only one scrape, or none.

Remedy:
    Restart the server that is largest, one at a time; upgrade; remove what the requests wait for.

Sources:
    kubernetes/kubernetes#83333, #81901; crossplane/crossplane#2649.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, measured, places
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Gauge, Observed

PROFILE = Profile(
    id="goroutine_leak",
    title="Abandoned work piles up in the API server",
    role=Role.SUSTAINS,
    mistaken_for=("many watches: their number does not grow", "a backlog: it goes when the load goes"),
    sources=("kubernetes/kubernetes#83333", "kubernetes/kubernetes#81901"),
    explains=("restart_loop",),
    mechanism="Handlers whose callers have left stay in memory and go on waiting for what made them late.",
)

GROWTH = 1.5
MIN_MORE = 1000
MANY = 20_000


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    gauges = measured(observed).gauge("go_goroutines", APISERVER)
    worst = max(gauges, key=lambda item: (item.last - item.first, item.last), default=None)
    scales = Scales()
    scales.misses(
        worst is None or worst.instants == 1,
        "go_goroutines of every API server at several instants, the last after the load has gone",
    )
    if worst is not None:
        _weigh(scales, observed, worst, plane)
    grew = worst is not None and _grew(worst)
    many = worst is not None and worst.last >= MANY
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=grew or many,
        harmful=grew or many,
        visible=worst is not None and (worst.instants > 1 or worst.last < MANY / 4),
        claim=f"Goroutines of the API server grew from {count(worst.first)} to {count(worst.last)} and did not fall again."
        if worst
        else "",
        denial=f"Goroutines of the API server: {count(worst.first)} first, {count(worst.high)} at most, {count(worst.last)} last."
        if worst
        else "Goroutines are not in this evidence.",
        numbers={
            "first": worst.first if worst else None,
            "last": worst.last if worst else None,
            "high": worst.high if worst else None,
        },
        impact=0.3,
        would_change="A number that falls back once the load has gone.",
    )


def _grew(gauge: Gauge) -> bool:
    more = gauge.last >= GROWTH * max(1.0, gauge.first) and gauge.last - gauge.first >= MIN_MORE
    return gauge.instants > 1 and more and gauge.last >= 0.9 * gauge.high


def _weigh(scales: Scales, observed: Observed, worst: Gauge, plane: ControlPlane) -> None:
    grew = _grew(worst)
    scales.supports(
        grew,
        f"Goroutines grew from {count(worst.first)} to {count(worst.last)} over {count(worst.instants)} scrapes.",
        observation="metrics.gauges",
        weight=0.9,
        at=places([worst]),
    )
    scales.supports(
        worst.last >= MANY,
        f"{count(worst.last)} goroutines are many.",
        observation="metrics.gauges",
        weight=0.4,
        at=places([worst]),
    )
    scales.supports(
        grew and plane.flag("goroutine_leak_on_timeout") is True,
        f"Kubernetes {plane.version} leaks a goroutine with every request that is cut off at 60 s.",
        observation="hints",
        weight=0.5,
    )
    late = measured(observed).grown(
        "apiserver_request_terminations_total", code="504"
    ) + observed.traffic.outcomes.get("timed_out", 0)
    scales.supports(
        grew and late > 0,
        f"{count(late)} requests timed out, whose handlers may run on.",
        observation="metrics.counters",
        weight=0.3,
    )
    back = worst.instants > 1 and worst.last <= 0.7 * worst.high and worst.high - worst.first >= MIN_MORE
    scales.opposes(
        back,
        f"They rose to {count(worst.high)} and fell back to {count(worst.last)}: a backlog that drained, no leak.",
        observation="metrics.gauges",
        weight=1.0,
        at=places([worst]),
    )
    scales.opposes(
        not grew and not back and worst.high < MANY / 4,
        f"{count(worst.high)} goroutines at most are usual.",
        observation="metrics.gauges",
        weight=1.0,
    )
