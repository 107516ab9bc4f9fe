"""Arrivals, ends and sojourn times, per class of request and over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from snowpit.model.evidence import Pointer


class RequestClass(NamedTuple):
    """Requests that the server treats alike: verb, group, resource, subresource."""

    verb: str
    group: str
    resource: str
    subresource: str

    def __str__(self) -> str:
        """As operators say it: ``patch nodes/status``, ``create tokenreviews``."""
        thing = self.resource or "(non-resource)"
        return f"{self.verb} {thing}/{self.subresource}" if self.subresource else f"{self.verb} {thing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTraffic:
    """All attempts of one request class in the window.

    Args:
        key: The class.
        mutating: Takes a mutating seat.
        long_running: Exempt from the in-flight gate; holds no seat.
        attempts: Rows, open ones included.
        outcomes: Attempts by outcome (see ``model.request.OUTCOMES``), zeros left out.
        arrival_rate: Attempts per second over the window.
        peak_rate: Largest number of arrivals in one second.
        held_s: Σ of sojourn times on a seat, clipped to the window; open requests count to its end.
        held_share: Of all held time of its kind (mutating or read-only).
        p50_s: Median sojourn time of finished attempts that were not rejected; null if none.
        p90_s: 90th percentile, likewise.
        p99_s: 99th percentile, likewise.
        max_s: Longest, likewise.
        samples: Places in the evidence: the slowest and the first failing events.
    """

    key: RequestClass
    mutating: bool
    long_running: bool
    attempts: int
    outcomes: Mapping[str, int]
    arrival_rate: float
    peak_rate: int
    held_s: float
    held_share: float
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None
    max_s: float | None
    samples: tuple[Pointer, ...] = ()

    @property
    def turned_away(self) -> int:
        """Attempts refused for want of a seat, or timed out."""
        return self.outcomes.get("rejected", 0) + self.outcomes.get("timed_out", 0)

    def share(self, outcome: str) -> float:
        """Share of attempts that ended so."""
        return self.outcomes.get(outcome, 0) / self.attempts if self.attempts else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Everything the server was asked in the window.

    Args:
        attempts: All attempts.
        outcomes: By outcome.
        arrival_rate: Attempts per second.
        goodput: Useful completions (outcome ok) per second.
        classes: By held time, then attempts; at most 200, the rest in ``others``.
        others: Attempts of classes not listed.
        active_seconds: Seconds of the window in which anything arrived or ended.
    """

    attempts: int
    outcomes: Mapping[str, int]
    arrival_rate: float
    goodput: float
    classes: tuple[ClassTraffic, ...]
    others: int = 0
    active_seconds: int = 0

    def share(self, outcome: str) -> float:
        """Share of all attempts that ended so."""
        return self.outcomes.get(outcome, 0) / self.attempts if self.attempts else 0.0

    def of(self, verb: str, resource: str, subresource: str = "") -> ClassTraffic | None:
        """The class with that verb, resource and subresource, in whatever group; null if not seen."""
        for item in self.classes:
            if (item.key.verb, item.key.resource, item.key.subresource) == (verb, resource, subresource):
                return item
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Counts per bin over the window; gaps are zeros.

    Args:
        start: First bin, µs since the epoch.
        step_s: Bin width; 1 s unless the window is longer than 4,000 s.
        series: Name -> one number per bin. Counts per bin by arrival: ``arrived``; by end: ``finished``,
            ``ok``, ``rejected``, ``timed_out``, ``unauthorized``, ``server_error``; mean seats held in the bin:
            ``held_mutating``, ``held_readonly``; requests in the system: ``open``; watches: ``watches_started``.
    """

    start: int
    step_s: float
    series: Mapping[str, tuple[float, ...]]
