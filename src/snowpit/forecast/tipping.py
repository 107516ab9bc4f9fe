"""How large a trigger tips a healthy cluster: bisection over sizes, one critical size for each seed.

Each seed has a size of its own from which it tips; quantiles of these over seeds are the sizes that tip 5, 50 and 95 %
of the runs. Sizes grow from the closed form's edge until one tips or the bound is reached; then they are halved.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.closed import UNITS, ClosedForm, closed_sizes
from snowpit.forecast.starts import kicked
from snowpit.forecast.trials import Progress, each
from snowpit.model.forecast import Critical, Interval

CLOSE = 1.15
"""Ratio of the sizes that bracket a critical one, at which the search ends."""

GROWTH = 4.0
BOUNDS = {"reconnects": 20_000, "backlog": 100_000, "slow_lookups": 120}
"""Largest sizes tried: clients, look-ups, seconds."""


@dataclass(slots=True)
class _Search:
    """The bracket of one seed and kind of trigger."""

    kind: str
    seed: int
    low: float
    high: float
    tipped: bool = False
    over: bool = False

    def next_size(self) -> int:
        return max(1, round((self.low + self.high) / 2.0 if self.tipped else self.high))

    def learn(self, *, tips: bool) -> None:
        size = self.next_size()
        if tips:
            self.high, self.tipped = size, True
        else:
            self.low = size
            if not self.tipped:
                self.high = min(size * GROWTH, BOUNDS[self.kind])
                self.over = size >= BOUNDS[self.kind]
        narrow = self.high - self.low <= max(1.0, (CLOSE - 1.0) * self.low)
        self.over = self.over or (self.tipped and narrow)


def critical(
    scenario: Scenario,
    closed: ClosedForm,
    seeds: Sequence[int],
    *,
    kinds: Sequence[str] = tuple(BOUNDS),
    progress: Progress | None = None,
) -> tuple[Critical, ...]:
    """Critical sizes of triggers, simulated.

    Args:
        scenario: The scenario; its own events do not matter.
        closed: What closed forms say; the search begins there.
        seeds: Seeds; none: closed forms only.
        kinds: Kinds of triggers to search for.
        progress: Told how far it has come.
    """
    sizes = closed_sizes(closed)
    searches = [
        _Search(kind, seed, 0.0, min(BOUNDS[kind], 2.0 * (sizes[kind] or 50.0)))
        for kind in kinds
        for seed in seeds
    ]
    while open_ := [one for one in searches if not one.over]:
        pairs = [(kicked(scenario, one.kind, one.next_size()), one.seed) for one in open_]
        ended = each(pairs, what="searching for the edge", progress=progress)
        for one, trial in zip(open_, ended, strict=True):
            one.learn(tips=not trial.well)
    return tuple(
        _critical(kind, sizes[kind], [one for one in searches if one.kind == kind]) for kind in BOUNDS
    )


def _critical(kind: str, closed: float | None, searches: Sequence[_Search]) -> Critical:
    sizes = sorted(one.high for one in searches if one.tipped)
    complete = bool(sizes) and len(sizes) == len(searches)
    return Critical(
        kind=kind,
        unit=UNITS[kind],
        closed_form=closed,
        simulated=Interval(_quantile(sizes, 0.5), _quantile(sizes, 0.05), _quantile(sizes, 0.95))
        if complete
        else None,
        beyond=float(BOUNDS[kind]) if searches and not complete else None,
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Quantile of sorted values, by straight lines between them."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
