"""What metrics and logs say, asked in the way in which detectors ask."""

from collections.abc import Iterable
from typing import TypeVar

from snowpit.model.evidence import Pointer
from snowpit.model.observation import Counter, Distribution, Gauge, Metrics, Observed

APISERVER = "kube-apiserver"
MOST_PLACES = 3
_Record = TypeVar("_Record", Gauge, Counter, Distribution)
NOTHING = Metrics()


def measured(observed: Observed) -> Metrics:
    """The metrics; empty if there are none."""
    return observed.metrics or NOTHING


def exposes(observed: Observed, component: str) -> bool:
    """Whether metrics of a component are there."""
    return any(item.component == component for item in measured(observed).instances)


def places(records: Iterable[_Record]) -> tuple[Pointer, ...]:
    """Where the first few of some records stand."""
    found = [item.pointer for item in records if item.pointer is not None]
    return tuple(found[:MOST_PLACES])


def grown(item: Counter) -> float:
    """What a counter counted between the first and the last scrape; since the start where there is only one."""
    return item.increase if item.instants > 1 else item.total


def since(records: Iterable[Counter]) -> str:
    """To what time the growth of counters refers, in words."""
    return "between the scrapes" if any(item.instants > 1 for item in records) else "since it started"


def slowest(records: Iterable[Distribution], *, least: float) -> Distribution | None:
    """The distribution with the largest mean among those with enough values; null if none has."""
    enough = [item for item in records if item.count >= least and item.mean is not None]
    return max(enough, key=lambda item: item.mean or 0.0, default=None)


def mean_of(records: Iterable[Distribution]) -> float | None:
    """Mean over all values of some distributions; null without values."""
    known = [(item.count, item.mean) for item in records if item.mean is not None and item.count > 0]
    total = sum(count for count, _ in known)
    return sum(count * mean for count, mean in known) / total if total else None
