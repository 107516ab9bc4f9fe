"""What clients see, counted bin by bin under the names of ``model.sample.CLIENT_MEASURES``."""

from collections import defaultdict
from collections.abc import Mapping

from snowpit.lab.clock import Clock
from snowpit.model.sample import CLIENT_MEASURES

NAMES = tuple(one.name for one in CLIENT_MEASURES)


class Tally:
    """Counts of one population.

    Args:
        clock: The lab's clock.
        bin_s: Width of a bin, s.
    """

    def __init__(self, clock: Clock, bin_s: float) -> None:
        self._clock, self._bin_s = clock, bin_s
        self._bins: dict[str, defaultdict[int, float]] = {name: defaultdict(float) for name in NAMES}

    def add(self, name: str, amount: float = 1.0) -> None:
        """Count something now."""
        self._bins[name][int(self._clock.now() // self._bin_s)] += amount

    def total(self) -> Mapping[str, float]:
        """Sums since the start."""
        return {name: sum(bins.values()) for name, bins in self._bins.items()}

    def series(self, bins: int) -> Mapping[str, list[float]]:
        """One number per bin."""
        return {name: [found.get(i, 0.0) for i in range(bins)] for name, found in self._bins.items()}
