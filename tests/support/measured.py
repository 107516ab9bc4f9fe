"""Metrics, lines of logs and configuration by hand, for detectors that look at more than requests."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from snowpit.model.evidence import Pointer
from snowpit.model.observation import (
    Counter,
    Distribution,
    Evenness,
    Gauge,
    Instance,
    LevelUse,
    LineGroup,
    Logs,
    Metrics,
    Observed,
)
from snowpit.model.window import MICROS
from support.observed import healthy

AT = Pointer("metrics.prom", 1)
APISERVER = "kube-apiserver"


def gauge(name: str, /, *values: float, component: str = APISERVER, server: str = "", **labels: str) -> Gauge:
    """A gauge with a value an instant."""
    return Gauge(
        name=name,
        component=component,
        server=server,
        labels=labels,
        others=0,
        instants=len(values),
        first_at=0,
        last_at=60 * MICROS * (len(values) - 1),
        first=values[0],
        last=values[-1],
        low=min(values),
        high=max(values),
        high_at=0,
        mean=sum(values) / len(values),
        at_high=sum(value >= 0.95 * max(values) for value in values) / len(values),
        pointer=AT,
    )


def counter(
    name: str, total: float, /, *, per_s: float | None = None, component: str = APISERVER, **labels: str
) -> Counter:
    """A counter scraped once, or twice a minute apart if it has a rate."""
    return Counter(
        name=name,
        component=component,
        server="",
        labels=labels,
        others=0,
        instants=1 if per_s is None else 2,
        first_at=0,
        last_at=0 if per_s is None else 60 * MICROS,
        total=total,
        increase=60 * (per_s or 0.0),
        rate=per_s,
        peak_rate=per_s,
        peak_at=None,
        resets=0,
        pointer=AT,
    )


def spread(
    name: str, count: float, mean: float, p99: float, /, *, component: str = APISERVER, **labels: str
) -> Distribution:
    """A histogram."""
    return Distribution(
        name=name,
        component=component,
        server="",
        labels=labels,
        instants=1,
        since_start=True,
        count=count,
        rate=None,
        mean=mean,
        p50=mean,
        p90=p99,
        p99=p99,
        last_bound=60.0,
        beyond=0.0,
        pointer=AT,
    )


def level(
    name: str, *, refused: float = 0, waiting: float = 0, wait_s: float = 0.01, in_use: float = 1
) -> LevelUse:
    """A priority level of 74 seats."""
    return LevelUse(
        server="",
        level=name,
        seats=74.0,
        lent_seats=None,
        in_use=in_use,
        queued=waiting,
        dispatched=1000.0,
        rejected={"queue-full": refused} if refused else {},
        wait_p99_s=wait_s,
        pointer=AT,
    )


def instance(component: str = APISERVER, *, started_s: float = -7200.0, restarts: int = 0) -> Instance:
    """A process scraped over ten minutes from the epoch on; started before them unless told otherwise."""
    return Instance(
        component=component,
        server="",
        version="v1.28.0",
        instants=2,
        first_at=0,
        last_at=600 * MICROS,
        started=int(started_s * MICROS),
        restarts=restarts,
    )


def metrics(*records: object, evenness: Mapping[str, Evenness] | None = None) -> Metrics:
    """Records sorted into their places; the API server is among the instances unless others are given."""
    instances = tuple(item for item in records if isinstance(item, Instance))
    return Metrics(
        instances=instances or (instance(),),
        gauges=tuple(item for item in records if isinstance(item, Gauge)),
        counters=tuple(item for item in records if isinstance(item, Counter)),
        distributions=tuple(item for item in records if isinstance(item, Distribution)),
        levels=tuple(item for item in records if isinstance(item, LevelUse)),
        evenness=evenness or {},
    )


def group(
    kind: str, number: int, *, component: str = APISERVER, subject: str = "", longest_s: float | None = None
) -> LineGroup:
    """Lines that tell the same."""
    return LineGroup(
        kind=kind,
        component=component,
        server="",
        subject=subject,
        verb="",
        lines=number,
        subjects=1,
        clients=0,
        first_at=0,
        last_at=MICROS,
        peak=number,
        peak_at=0,
        median_s=longest_s,
        max_s=longest_s,
        pointers=(Pointer("component.log", 7),),
    )


def logs(*groups: LineGroup, components: Sequence[str] = ()) -> Logs:
    """Logs of the components that wrote these lines, and of others that wrote none of them."""
    written = {item.component for item in groups}
    return Logs(
        lines={},
        components=tuple(sorted(written | set(components))),
        first_at=0,
        last_at=MICROS,
        groups=groups,
    )


def only(**more: object) -> Observed:
    """No request, but this."""
    return replace(healthy(0), **more)  # type: ignore[arg-type]


def beside(**more: object) -> Observed:
    """Requests of a healthy server, and this."""
    return replace(healthy(10_000), **more)  # type: ignore[arg-type]
