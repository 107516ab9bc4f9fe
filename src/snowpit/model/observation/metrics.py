"""What metrics tell: gauges, counters and distributions by process, under the names of today's releases.

Every record names its family, process and labels; ``knowledge.metrics.series_of`` tells what a family does not mean.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from snowpit.model.evidence import Pointer
from snowpit.model.observation.clients import Evenness


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A value that goes up and down, of one process.

    Args:
        name: Family, as today's releases call it.
        component: What exposed it, such as ``kube-apiserver``.
        server: Which instance; empty if there is one, or none is named.
        labels: Labels that are kept apart.
        others: Series folded into this record beyond the largest; 0 for a record of its own.
        instants: Instants at which it was scraped.
        first_at: First of them, µs since the epoch; null if not known.
        last_at: Last of them.
        first: Value at the first.
        last: Value at the last.
        low: Smallest.
        high: Largest.
        high_at: When it was largest, µs since the epoch.
        mean: Mean over the instants.
        at_high: Share of instants at which it was within 5 % of the largest.
        pointer: Where the largest value stands.
    """

    name: str
    component: str
    server: str
    labels: Mapping[str, str]
    others: int
    instants: int
    first_at: int | None
    last_at: int | None
    first: float
    last: float
    low: float
    high: float
    high_at: int | None
    mean: float
    at_high: float
    pointer: Pointer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A value that only grows while the process lives.

    Args:
        name: Family, as today's releases call it.
        component: What exposed it.
        server: Which instance; empty if there is one, or none is named.
        labels: Labels that are kept apart.
        others: Series folded into this record beyond the largest; 0 for a record of its own.
        instants: Instants at which its process was scraped from its first appearance on.
        first_at: First of them, µs since the epoch; null if not known.
        last_at: Last of them.
        total: Value at the last: since the process started.
        increase: Growth between the first and the last instant, restarts mended; 0 with one instant.
        rate: That a second; null with one instant, or without times.
        peak_rate: Largest rate between two instants.
        peak_at: End of that interval, µs since the epoch.
        resets: Times at which it fell: the process was started anew.
        pointer: Where the last value stands.
    """

    name: str
    component: str
    server: str
    labels: Mapping[str, str]
    others: int
    instants: int
    first_at: int | None
    last_at: int | None
    total: float
    increase: float
    rate: float | None
    peak_rate: float | None
    peak_at: int | None
    resets: int
    pointer: Pointer | None

    @property
    def counted(self) -> float:
        """Growth between instants; with one instant, all since the process started."""
        return self.increase if self.instants > 1 else self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A histogram or summary: how values (seconds, bytes) were spread.

    Args:
        name: Family, as today's releases call it.
        component: What exposed it.
        server: Which instance; empty if there is one, or none is named.
        labels: Labels that are kept apart.
        instants: Instants at which it was scraped.
        since_start: Whether all figures count since the process started, for there is one instant or no growth;
            otherwise they count between the first instant and the last.
        count: Values counted.
        rate: Values a second; null with one instant, or without times.
        mean: Mean value; null without values.
        p50: Median, by straight lines within a bucket, or as a summary gives it; null if not known.
        p90: 90 %.
        p99: 99 %.
        last_bound: Largest finite bound; null without buckets. Quantiles never lie above it.
        beyond: Share of values above the last bound.
        pointer: Where the last count stands.
    """

    name: str
    component: str
    server: str
    labels: Mapping[str, str]
    instants: int
    since_start: bool
    count: float
    rate: float | None
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None
    last_bound: float | None
    beyond: float
    pointer: Pointer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One process whose metrics were read.

    Args:
        component: What it is; empty if unknown.
        server: Which instance; empty if there is one, or none is named.
        version: Its release, as it says itself; empty if it does not.
        instants: Instants at which it was scraped.
        first_at: First of them, µs since the epoch; null if not known.
        last_at: Last of them.
        started: When the process started last, µs since the epoch; null if not exposed.
        restarts: Other start times seen before.
    """

    component: str
    server: str
    version: str
    instants: int
    first_at: int | None
    last_at: int | None
    started: int | None
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelUse:
    """One priority level of priority and fairness on one server.

    Args:
        server: Which instance.
        level: Priority level.
        seats: Seats at the last instant (nominal); null if not exposed.
        lent_seats: Seats after borrowing at the last instant; null before 1.26.
        in_use: Most seats in use; requests in execution where seats are not exposed.
        queued: Most requests that waited.
        dispatched: Requests let through, in the window or since the start.
        rejected: Requests refused by reason, in the window or since the start.
        wait_p99_s: 99 % of the waits over all flow schemas, the longest of them; null if not known.
        pointer: Where the largest use stands.
    """

    server: str
    level: str
    seats: float | None
    lent_seats: float | None
    in_use: float
    queued: float
    dispatched: float
    rejected: Mapping[str, float]
    wait_p99_s: float | None
    pointer: Pointer | None


_Record = TypeVar("_Record", Gauge, Counter, Distribution)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """All that metrics tell.

    Args:
        instances: Processes, by component and server.
        gauges: Gauges, the largest of each family and process.
        counters: Counters; statuses from 400 first, then the largest.
        distributions: Histograms and summaries, those with most values.
        levels: Use of priority levels.
        evenness: Family -> how evenly it is spread over the servers of kube-apiserver.
    """

    instances: tuple[Instance, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    counters: tuple[Counter, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    levels: tuple[LevelUse, ...] = ()
    evenness: Mapping[str, Evenness] = field(default_factory=dict)

    def gauge(self, name: str, component: str = "", **labels: str) -> tuple[Gauge, ...]:
        """Gauges of a family whose labels have these values; of every component if none is named."""
        return _of(self.gauges, name, component, labels=labels)

    def counter(self, name: str, component: str = "", **labels: str) -> tuple[Counter, ...]:
        """Counters of a family whose labels have these values; of every component if none is named."""
        return _of(self.counters, name, component, labels=labels)

    def distribution(self, name: str, component: str = "", **labels: str) -> tuple[Distribution, ...]:
        """Distributions of a family whose labels have these values; of every component if none is named."""
        return _of(self.distributions, name, component, labels=labels)

    def grown(self, name: str, component: str = "", **labels: str) -> float:
        """Growth of the counters of a family, added up; since the start of a process that was scraped once."""
        return sum(item.counted for item in self.counter(name, component, **labels))

    def rate(self, name: str, component: str = "", **labels: str) -> float | None:
        """Rate of the counters of a family, added up over processes; null where none has a rate."""
        found = [item.rate for item in self.counter(name, component, **labels) if item.rate is not None]
        return sum(found) if found else None


def _of(
    records: Iterable[_Record], name: str, component: str, *, labels: Mapping[str, str]
) -> tuple[_Record, ...]:
    return tuple(
        item
        for item in records
        if item.name == name
        and component in {"", item.component}
        and all(item.labels.get(key) == value for key, value in labels.items())
    )
