"""Counts and states of a published model, by bin of time, in the columns that every simulated run has.

A published model has one server ``0`` and one population ``clients``. What it does not know stays zero.
"""

from math import ceil, inf

from snowpit.cluster.scenario import Scenario
from snowpit.model.sample import CLIENT_MEASURES, SERVER_MEASURES, Samples

POPULATION = "clients"


class Tally:
    """Fills the sample table of one run; what happens after the horizon is not counted.

    Args:
        scenario: Gives horizon and width of a bin.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._bin_s = scenario.bin_s
        self._bins = max(1, ceil(scenario.horizon_s / scenario.bin_s - 1e-9))
        self._server = {measure.name: [0.0] * self._bins for measure in SERVER_MEASURES}
        self._client = {measure.name: [0.0] * self._bins for measure in CLIENT_MEASURES}
        self._states: dict[str, dict[int, float]] = {
            measure.name: {} for measure in SERVER_MEASURES if measure.kind == "state"
        }

    def server(self, name: str, now: float, amount: float = 1.0) -> None:
        """Count something at the server at ``now`` (s)."""
        place = int(now / self._bin_s)
        if place < self._bins:
            self._server[name][place] += amount

    def client(self, name: str, now: float, amount: float = 1.0) -> None:
        """Count something at the clients at ``now`` (s)."""
        place = int(now / self._bin_s)
        if place < self._bins:
            self._client[name][place] += amount

    def state(self, name: str, now: float, value: float) -> None:
        """Tell the value that a state of the server has from ``now`` (s) on; the last one of a bin is kept."""
        self._states[name][int(now / self._bin_s)] = value

    def rate(self, name: str, start: float, end: float = inf) -> float:
        """Mean count per second at the clients, over the whole bins that lie in [start, end) (s)."""
        first = ceil(start / self._bin_s - 1e-9)
        last = self._bins if end == inf else min(self._bins, int(end / self._bin_s + 1e-9))
        if last <= first:
            return 0.0
        return sum(self._client[name][first:last]) / ((last - first) * self._bin_s)

    def samples(self) -> Samples:
        """The table."""
        for name, told in self._states.items():
            value = 0.0
            for place in range(self._bins):
                value = told.get(place, value)
                self._server[name][place] = value
        return Samples(
            bin_s=self._bin_s, bins=self._bins, servers=(self._server,), clients={POPULATION: self._client}
        )
