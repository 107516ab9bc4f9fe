"""A controller works at its own limit: it asks as fast as its rate limiter lets it, and its work waits.

Claim:
    A controller manager or scheduler makes requests at its configured rate, without a pause, and falls behind.

Mechanism:
    Controllers share one limiter a process (kube-controller-manager 20 a second, burst 30; kube-scheduler 50 and 100 by default). When
    there is more to do (many nodes lost, a mass of jobs, a namespace full of objects), requests leave at exactly that rate
    and work queues grow for as long as it takes. The server is not the limit.

Evidence for:
    A rate of requests at the limit; long waits in its limiter; work queues that are deep and old.

Evidence against:
    A rate well below the limit; empty work queues.

Easily mistaken for:
    A slow server: its own records show fast answers.

Cannot tell when:
    There are no metrics of the controller and the requests do not name it.

Remedy:
    Raise --kube-api-qps and --kube-api-burst of that controller if the server has room; find out what makes so much work.

Sources:
    kubernetes cmd/kube-controller-manager/app/options; pkg/scheduler/apis/config; client-go util/flowcontrol.
"""

from typing import NamedTuple

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import measured, places
from snowpit.diagnose.lines import lines
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, rate, seconds
from snowpit.model.evidence import Pointer
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed

PROFILE = Profile(
    id="controller_pinned",
    title="A controller works at its own limit",
    role=Role.SYMPTOM,
    mistaken_for=("a slow server: its own records show fast answers",),
    sources=("kubernetes cmd/kube-controller-manager/app/options", "client-go util/flowcontrol"),
    mechanism="All controllers of a process share one rate limiter; work beyond it waits in queues.",
)

DEFAULT_QPS = {"kube-controller-manager": 20.0, "kube-scheduler": 50.0}
NEAR, FAR = 0.9, 0.7
DEEP = 100.0
OLD_S = 10.0
MIN_LINES = 10


class Pace(NamedTuple):
    """How fast a controller asks, and how fast it may."""

    component: str
    per_s: float
    allowed: float
    at: tuple[Pointer, ...]


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    metrics = measured(observed)
    paces = [pace for name in DEFAULT_QPS if (pace := _pace(observed, name)) is not None]
    worst = max(paces, key=lambda item: item.per_s / item.allowed, default=None)
    pinned = worst is not None and worst.per_s >= NEAR * worst.allowed
    deep = [
        item
        for item in metrics.gauge("workqueue_depth")
        if item.component in DEFAULT_QPS and item.last >= DEEP
    ]
    old = [
        item
        for item in metrics.distribution("workqueue_queue_duration_seconds")
        if item.component in DEFAULT_QPS and item.count >= MIN_LINES and (item.p99 or 0.0) >= OLD_S
    ]
    told = [found for name in DEFAULT_QPS if (found := lines(observed, "throttled", name)).count >= MIN_LINES]
    scales = Scales()
    if worst is not None:
        _weigh(scales, worst, pinned=pinned)
    scales.supports(
        bool(deep),
        f"{count(sum(item.last for item in deep))} items wait in its work queues, most in {deep[0].labels.get('name', 'one') if deep else ''}.",
        observation="metrics.gauges",
        weight=0.5,
        at=places(deep),
    )
    scales.supports(
        bool(old),
        f"One in a hundred items waits {seconds(max((item.p99 or 0.0 for item in old), default=0.0))} or longer in a work queue.",
        observation="metrics.distributions",
        weight=0.4,
        at=places(old),
    )
    scales.supports(
        bool(told),
        f"{count(sum(found.count for found in told))} lines of its log tell of waits for its own limiter.",
        observation="logs",
        weight=0.8,
        at=told[0].at if told else (),
    )
    scales.misses(
        worst is None,
        "rest_client_requests_total of kube-controller-manager and kube-scheduler at two instants, and their --kube-api-qps",
    )
    seen = pinned or bool(told and (deep or old))
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=seen,
        harmful=seen and bool(deep or old or told),
        visible=worst is not None or seen,
        claim=f"{worst.component} makes {rate(worst.per_s)} requests of {rate(worst.allowed)} that its own limiter allows, and its work waits."
        if worst
        else "A controller waits for its own limiter, and its work waits with it.",
        denial=f"{worst.component} makes {rate(worst.per_s)} requests, of {rate(worst.allowed)} allowed."
        if worst
        else "How fast controllers ask is not in this evidence.",
        numbers={
            "per_s": round(worst.per_s, 2) if worst else None,
            "allowed_per_s": worst.allowed if worst else None,
            "waiting": sum(item.last for item in deep),
        },
        impact=0.05,
        would_change="Pauses in its requests, or a rate below the limit while work waits.",
    )


def _weigh(scales: Scales, worst: Pace, *, pinned: bool) -> None:
    text = f"{worst.component} makes {rate(worst.per_s)} requests; its limiter allows {rate(worst.allowed)}."
    scales.supports(pinned, text, observation="metrics.counters", weight=0.8, at=worst.at)
    scales.opposes(
        worst.per_s < FAR * worst.allowed, text, observation="metrics.counters", weight=1.0, at=worst.at
    )


def _pace(observed: Observed, component: str) -> Pace | None:
    """Rate by its own metrics; null where they do not tell one."""
    metrics = measured(observed)
    found = metrics.rate("rest_client_requests_total", component)
    if found is None:
        return None
    processes = observed.configuration.of(component) if observed.configuration else ()
    flags = [process.flags["kube-api-qps"].value for process in processes if "kube-api-qps" in process.flags]
    allowed = _number(flags[0]) if flags else None
    at = places(metrics.counter("rest_client_requests_total", component))
    return Pace(component, found, allowed or DEFAULT_QPS[component], at)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None
