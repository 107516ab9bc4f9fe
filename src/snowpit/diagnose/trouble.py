"""Is the server in trouble at all? No detector accuses anybody on a healthy server."""

from dataclasses import dataclass
from itertools import accumulate

from snowpit.diagnose.beside import APISERVER, grown, measured
from snowpit.diagnose.lines import lines
from snowpit.model.observation import ClassTraffic, Observed

ENOUGH_ATTEMPTS = 100
"""Fewer requests cannot show an overload."""

SLOW_S = 1.0
"""A median sojourn time from which a class of short requests counts as slow."""

MANY_LINES = 20
SHARE = 0.005
"""Lines of logs or counted answers, and their share, from which on a server without visible requests is in trouble."""

_EVICTION = ("create", "pods", "eviction")  # answered 429 by disruption budgets, not by the gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What hurts, in attempts.

    Args:
        attempts: All attempts in the window.
        rejected: Answered 429 by the gate or by priority and fairness.
        timed_out: Answered 504.
        slow: Attempts in classes whose median is a second or more.
        waiting: Requests received and not ended, at the peak.
        plateau: A flat top in seats held, of either kind.
        concentrated: Some minute saw many refusals and time-outs: a short incident in a long log.
        beside: Without requests: metrics or logs show refusals or time-outs in number.
    """

    attempts: int
    rejected: int
    timed_out: int
    slow: int
    waiting: int
    plateau: bool
    concentrated: bool = False
    beside: bool = False

    @property
    def few(self) -> bool:
        """Whether there are too few attempts to judge by; then metrics and logs alone tell."""
        return self.attempts < ENOUGH_ATTEMPTS

    @property
    def real(self) -> bool:
        """True if enough attempts suffer for an operator to notice."""
        if self.few:
            return self.beside
        hurt = self.rejected + self.timed_out + self.slow
        return (
            self.concentrated
            or hurt >= max(20, 0.005 * self.attempts)
            or (self.plateau and self.waiting >= ENOUGH_ATTEMPTS)
        )

    @property
    def share(self) -> float:
        """Share of attempts that suffer."""
        return (
            min(1.0, (self.rejected + self.timed_out + self.slow) / self.attempts) if self.attempts else 0.0
        )


def is_eviction(item: ClassTraffic) -> bool:
    """True for evictions: their 429 comes from a disruption budget."""
    return (item.key.verb, item.key.resource, item.key.subresource) == _EVICTION


def is_slow(item: ClassTraffic) -> bool:
    """True if half of the attempts of a class of short requests take a second or more."""
    return not item.long_running and item.p50_s is not None and item.p50_s >= SLOW_S


def _concentrated(observed: Observed) -> bool:
    """Whether in some minute at least 50 requests, and 5 % of the arrivals, were refused or timed out."""
    series = observed.timeline.series
    rejected, late = series.get("rejected", ()), series.get("timed_out", ())
    arrived = series.get("arrived", ())
    bins = max(1, round(60 / max(observed.timeline.step_s, 1e-9)))
    failed = _moving([sum(pair) for pair in zip(rejected, late, strict=False)], bins)
    asked = _moving(list(arrived), bins)
    return any(bad >= 50 and bad >= 0.05 * all_ for bad, all_ in zip(failed, asked, strict=False))  # noqa: PLR2004


def _moving(values: list[float], bins: int) -> list[float]:
    """Sums over the last ``bins`` values at each place."""
    total = [0.0, *accumulate(values)]
    return [total[at] - total[max(0, at - bins)] for at in range(1, len(total))]


def _by_gate(observed: Observed, gated: list[ClassTraffic]) -> bool:
    """Whether most 429s come from the gate, not from disruption budgets."""
    refused = observed.traffic.outcomes.get("rejected", 0)
    return sum(item.outcomes.get("rejected", 0) for item in gated) >= refused / 2


def _beside(observed: Observed) -> bool:
    """Whether metrics or logs show that the server refuses or times out in number; asked only where requests are few."""
    told = sum(lines(observed, kind, APISERVER).count for kind in ("timeout", "rejected", "webhook_failed"))
    counters = measured(observed).counter("apiserver_request_total", APISERVER)
    bad = sum(grown(item) for item in counters if item.labels.get("code") in ("429", "504"))
    return told >= MANY_LINES or bad >= max(MANY_LINES, SHARE * sum(map(grown, counters)))


def trouble(observed: Observed) -> Trouble:
    """What hurts in this window."""
    gated = [item for item in observed.traffic.classes if not is_eviction(item)]
    seats = observed.seats
    return Trouble(
        attempts=observed.traffic.attempts,
        rejected=sum(item.outcomes.get("rejected", 0) for item in gated),
        timed_out=sum(item.outcomes.get("timed_out", 0) for item in gated),
        slow=sum(item.attempts - item.turned_away for item in gated if is_slow(item)),
        waiting=observed.open_requests.peak if observed.open_requests.visible else 0,
        beside=observed.traffic.attempts < ENOUGH_ATTEMPTS and _beside(observed),
        concentrated=_by_gate(observed, gated) and _concentrated(observed),
        plateau=seats.mutating.plateau is not None or seats.readonly.plateau is not None,
    )
