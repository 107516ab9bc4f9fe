"""What metrics say of the in-flight limits: gauges, refusals, and where the gauge misleads."""

from typing import NamedTuple

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, grown, measured
from snowpit.diagnose.words import count
from snowpit.model.evidence import Pointer
from snowpit.model.observation import Observed

LABELS = {"mutating": "mutating", "readonly": "readOnly"}
AT_LIMIT = 0.95


class Gate(NamedTuple):
    """One in-flight limit as metrics show it.

    Args:
        kind: ``mutating`` or ``readonly``.
        high: Most requests in flight that a gauge showed; null without the gauge.
        limit: The limit.
        lasting: Share of the scrapes of that server at which the gauge stood there.
        scrapes: Scrapes of that server.
        refused: Requests refused by this limit, or with 429 where only that is told.
        at: Where the gauge stands.
    """

    kind: str
    high: float | None
    limit: int
    lasting: float
    scrapes: int
    refused: float
    at: tuple[Pointer, ...]

    @property
    def full(self) -> bool:
        """Whether a gauge stood at the limit."""
        return self.high is not None and self.limit > 0 and self.high >= AT_LIMIT * self.limit


def gate(observed: Observed, plane: ControlPlane, kind: str) -> Gate:
    """The in-flight limit of one kind, the busiest server's."""
    metrics = measured(observed)
    gauges = metrics.gauge("apiserver_current_inflight_requests", APISERVER, request_kind=LABELS[kind])
    worst = max(gauges, key=lambda item: item.high, default=None)
    dropped = metrics.counter("apiserver_dropped_requests_total", APISERVER, request_kind=LABELS[kind])
    return Gate(
        kind=kind,
        high=worst.high if worst else None,
        limit=plane.limit(kind),
        lasting=worst.at_high if worst else 0.0,
        scrapes=worst.instants if worst else 0,
        refused=sum(map(grown, dropped)),
        at=(worst.pointer,) if worst and worst.pointer else (),
    )


def answered(observed: Observed, code: str) -> float:
    """Requests that the API server answered with a status, by its metrics."""
    metrics = measured(observed)
    told = metrics.grown("apiserver_request_total", APISERVER, code=code)
    return max(told, metrics.grown("apiserver_request_terminations_total", APISERVER, code=code))


def gauge_misleads(observed: Observed, plane: ControlPlane) -> str:
    """Why the gauge of the mutating limit leads astray; empty if it does not."""
    found = gate(observed, plane, "mutating")
    if found.high is None or found.full or not found.refused:
        return ""
    when = (
        "this release publishes it only when a request finishes, so in a stall it reads 0"
        if plane.flag("inflight_gauge_at_finish") is not False
        else "it is the most of the last second, and the scrapes missed that"
    )
    return (
        f"apiserver_current_inflight_requests for mutating requests reads {count(found.high)} at most, though {count(found.refused)} were "
        f"refused for want of a seat: {when}."
    )
