"""Priority and fairness in /metrics: what each level and flow schema holds, waits for, refuses and took.

Left out are values of the algorithm's inside (``dispatch_r``, ``latest_s``, ``target_seats`` and their kin) and histograms over time.
Source: kubernetes/apiserver pkg/util/flowcontrol/metrics/metrics.go 1.20 to 1.34; dumps of 1.20.15 to 1.34.0.
"""

from collections import Counter
from collections.abc import Sequence

from snowpit.knowledge.version import Version
from snowpit.lab.evidence.metrics import bounds
from snowpit.lab.evidence.metrics.exposition import Families, Labels
from snowpit.lab.exchange import Exchange
from snowpit.lab.inside import LevelView

PREFIX = "apiserver_flowcontrol_"
Pair = tuple[str, str]
"""Flow schema and priority level."""


class Fairness:
    """What one server counts of its priority levels.

    Args:
        families: Where it is counted.
        version: The server's version.
    """

    def __init__(self, families: Families, version: Version) -> None:
        self._families, self._version = families, version
        self._bounds, self._seats = bounds.queued(version), bounds.seats(version)
        self._kinds = version.at_least("1.23.0")
        self._estimates = version.at_least("1.24.0")
        self._borrows = version.at_least("1.26.0")
        self._exempt = version.at_least("1.28.0")
        self._seen: dict[Pair, bool] = {}

    def admitted(self, exchange: Exchange) -> None:
        """A request got its seats."""
        labels = self._arrived(exchange)
        self._families.count(f"{PREFIX}dispatched_requests_total", labels)
        self._waited(exchange, labels, executes=True)

    def refused(self, exchange: Exchange, reason: str) -> None:
        """A request was refused."""
        labels = self._arrived(exchange)
        self._families.count(f"{PREFIX}rejected_requests_total", (*labels, ("reason", reason)))
        self._waited(exchange, labels, executes=False)

    def _arrived(self, exchange: Exchange) -> Labels:
        """Count what is known when a request is classified."""
        labels = _labels(exchange)
        queues = exchange.enqueued > 0
        self._seen[exchange.flow_schema, exchange.priority_level] = queues
        if queues:
            name = f"{PREFIX}request_queue_length_after_enqueue"
            self._families.observe(name, float(exchange.enqueued), bounds.QUEUE_LENGTH, labels)
        if self._estimates:
            seats = float(max(1, exchange.seats))
            self._families.observe(f"{PREFIX}work_estimated_seats", seats, self._seats, labels)
        return labels

    def _waited(self, exchange: Exchange, labels: Labels, *, executes: bool) -> None:
        labels = (*labels, ("execute", str(executes).lower()))
        name = f"{PREFIX}request_wait_duration_seconds"
        self._families.observe(name, exchange.queued, self._bounds, labels)

    def freed(self, exchange: Exchange, seconds: float) -> None:
        """A request gave its seats back."""
        labels = _labels(exchange)
        if self._kinds:
            labels = (*labels, ("type", "regular"))
        self._families.observe(f"{PREFIX}request_execution_seconds", seconds, self._bounds, labels)

    def show(self, levels: Sequence[LevelView]) -> None:
        """Set the gauges of levels and flow schemas."""
        for level in levels:
            if not level.exempt or self._exempt:
                self._show_seats(level)
        self._show_requests(levels)

    def _show_seats(self, level: LevelView) -> None:
        label = (("priority_level", level.name),)
        shown: dict[str, float] = {}
        if not self._version.at_least("1.31.0"):
            shown["request_concurrency_limit"] = level.nominal
        if self._version.at_least("1.22.0"):
            shown["current_r"] = level.virtual
        if self._borrows:
            shown |= {
                "nominal_limit_seats": level.nominal,
                "lower_limit_seats": level.least,
                "upper_limit_seats": level.most,
                "current_limit_seats": level.limit,
                "demand_seats_average": level.demand.mean,
                "demand_seats_stdev": level.demand.deviation,
                "demand_seats_high_watermark": level.demand.high,
                "demand_seats_smoothed": level.demand.smoothed,
            }
        for name, value in shown.items():
            self._families.set(PREFIX + name, float(value), label)

    def _show_requests(self, levels: Sequence[LevelView]) -> None:
        executing, seats, waiting, wanted = Counter[Pair](), Counter[Pair](), Counter[Pair](), Counter[Pair]()
        for one in (held for level in levels for held in level.held):
            pair = one.exchange.flow_schema, one.exchange.priority_level
            numbers, sums = (waiting, wanted) if one.started is None else (executing, seats)
            numbers[pair] += 1
            sums[pair] += one.seats
            self._seen.setdefault(pair, one.started is None)
        for pair, queues in self._seen.items():
            labels: Labels = (("flow_schema", pair[0]), ("priority_level", pair[1]))
            self._families.set(f"{PREFIX}current_executing_requests", executing[pair], labels)
            if self._version.within("1.22.0", "1.33.0"):
                self._families.set(f"{PREFIX}request_concurrency_in_use", seats[pair], labels)
            if self._version.at_least("1.28.0"):
                self._families.set(f"{PREFIX}current_executing_seats", seats[pair], labels)
            if queues:
                self._families.set(f"{PREFIX}current_inqueue_requests", waiting[pair], labels)
            if queues and self._version.at_least("1.31.0"):
                self._families.set(f"{PREFIX}current_inqueue_seats", wanted[pair], labels)


def _labels(exchange: Exchange) -> Labels:
    return ("flow_schema", exchange.flow_schema), ("priority_level", exchange.priority_level)
