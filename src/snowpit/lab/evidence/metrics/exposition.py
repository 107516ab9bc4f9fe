"""Counters, gauges, histograms and summaries of one server, and the text in which /metrics shows them.

Counted in dictionaries by label values: a lab counts millions of times on virtual time, which a client library's locks would slow.
Source: Prometheus text format 0.0.4; prometheus/client_golang summary.go (windows), prometheus/common expfmt/text_create.go (numbers).
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from math import ceil, inf, isnan, nan

Labels = tuple[tuple[str, str], ...]
QUANTILES = (0.5, 0.9, 0.99)
WINDOW_S = 3600.0
"""A summary forgets by the hour; it keeps ``WINDOWS`` of them."""

WINDOWS = 5
_PLAIN_BELOW, _PLAIN_FROM = 1e6, 1e-4


class Families:
    """What has been counted so far.

    Args:
        stage: Stability as it stands in HELP lines: ``[ALPHA] `` or nothing.
        now: The time, s, for the windows of summaries.
        who: The program, for HELP lines.
    """

    def __init__(self, stage: str, now: Callable[[], float], who: str = "kube-apiserver") -> None:
        self._stage, self._now, self._who = stage, now, who
        self._kinds: dict[str, str] = {}
        self._values: dict[str, dict[Labels, float]] = defaultdict(dict)
        self._histograms: dict[str, dict[Labels, _Histogram]] = defaultdict(dict)
        self._summaries: dict[str, dict[Labels, _Summary]] = defaultdict(dict)

    def count(self, name: str, labels: Labels = (), by: float = 1.0) -> None:
        """Raise a counter; by 0 shows it before anything happened."""
        self._kinds[name] = "counter"
        found = self._values[name]
        found[labels] = found.get(labels, 0.0) + by

    def reach(self, name: str, value: float, labels: Labels = ()) -> None:
        """Set a counter that is kept elsewhere."""
        self._kinds[name] = "counter"
        self._values[name][labels] = value

    def set(self, name: str, value: float, labels: Labels = ()) -> None:
        """Set a gauge."""
        self._kinds[name] = "gauge"
        self._values[name][labels] = value

    def move(self, name: str, by: float, labels: Labels = ()) -> None:
        """Raise or lower a gauge."""
        self.set(name, self._values[name].get(labels, 0.0) + by, labels)

    def observe(self, name: str, value: float, bounds: tuple[float, ...], labels: Labels = ()) -> None:
        """Add a value to a histogram with these upper bounds."""
        found = self._histograms[name].get(labels)
        if found is None:
            self._kinds[name] = "histogram"
            found = self._histograms[name][labels] = _Histogram(bounds)
        found.add(value)

    def summarise(self, name: str, value: float, labels: Labels) -> None:
        """Add a value to a summary."""
        found = self._summaries[name].get(labels)
        if found is None:
            self._kinds[name] = "summary"
            found = self._summaries[name][labels] = _Summary()
        found.add(value, self._now())

    def text(self) -> bytes:
        """All families by name, in text."""
        lines: list[str] = []
        for name in sorted(self._kinds):
            lines.append(f"# HELP {name} {self._stage}As a {self._who} counts it.")
            lines.append(f"# TYPE {name} {self._kinds[name]}")
            lines += self._lines(name)
        return ("\n".join(lines) + "\n").encode()

    def _lines(self, name: str) -> Iterator[str]:
        for labels, value in self._values.get(name, {}).items():
            yield f"{name}{_shown(labels)} {number(value)}"
        for labels, histogram in self._histograms.get(name, {}).items():
            yield from histogram.lines(name, labels)
        for labels, summary in self._summaries.get(name, {}).items():
            yield from summary.lines(name, labels, self._now())


class _Histogram:
    """Counts by bound, and their sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def lines(self, name: str, labels: Labels) -> Iterator[str]:
        running = 0
        for bound, count in zip((*self._bounds, inf), self._counts, strict=True):
            running += count
            yield f"{name}_bucket{_shown(labels, ('le', number(bound)))} {running}"
        yield f"{name}_sum{_shown(labels)} {number(self._total)}"
        yield f"{name}_count{_shown(labels)} {running}"


class _Summary:
    """Count and sum since the start, and the values of the last hours for quantiles."""

    def __init__(self) -> None:
        self._hours: dict[int, array[float]] = {}
        self._count, self._total = 0, 0.0

    def add(self, value: float, now: float) -> None:
        self._hours.setdefault(int(now // WINDOW_S), array("d")).append(value)
        self._count += 1
        self._total += value

    def lines(self, name: str, labels: Labels, now: float) -> Iterator[str]:
        oldest = int(now // WINDOW_S) - WINDOWS + 1
        self._hours = {hour: values for hour, values in self._hours.items() if hour >= oldest}
        values = sorted(value for hour in self._hours.values() for value in hour)
        for quantile in QUANTILES:
            found = values[max(0, ceil(quantile * len(values)) - 1)] if values else nan
            yield f"{name}{_shown(labels, ('quantile', number(quantile)))} {number(found)}"
        yield f"{name}_sum{_shown(labels)} {number(self._total)}"
        yield f"{name}_count{_shown(labels)} {self._count}"


def number(value: float) -> str:
    """A number as Go prints it: shortest, with an exponent from a million on.

    >>> number(0.05), number(3.0), number(1e6), number(3745204.0), number(0.00001), number(inf)
    ('0.05', '3', '1e+06', '3.745204e+06', '1e-05', '+Inf')
    """
    if isnan(value):
        return "NaN"
    if abs(value) == inf:
        return "+Inf" if value > 0 else "-Inf"
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return str(int(value)) if value == int(value) else repr(value)
    digits, _, exponent = format(Decimal(repr(value)).normalize(), "e").partition("e")
    return f"{digits}e{int(exponent):+03d}"


def _shown(labels: Labels, *last: tuple[str, str]) -> str:
    if not labels and not last:
        return ""
    pairs = (f'{key}="{_escaped(value)}"' for key, value in (*sorted(labels), *last))
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
