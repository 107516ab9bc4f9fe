"""Edges by simulation: the value from which most runs from a deep start end otherwise than they do now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.closed import closed_form
from snowpit.forecast.headroom import Knob, knobs
from snowpit.forecast.starts import deep, settled
from snowpit.forecast.trials import Progress, Trial, trials, well
from snowpit.model.forecast import Headroom, State

NEAREST = 3
"""Edges that are simulated, nearest first."""

ROUNDS = 4
"""Halvings of a bracket."""


@dataclass(slots=True)
class _Bracket:
    """An edge lies between ``inside`` (as now) and ``beyond`` (otherwise), once ``found``."""

    row: Headroom
    knob: Knob
    inside: float
    beyond: float
    found: bool = False

    def size(self) -> float:
        value = (self.inside + self.beyond) / 2.0 if self.found else self.beyond
        return max(1.0, float(round(value))) if self.knob.whole else value

    def learn(self, *, differs: bool) -> None:
        if differs:
            self.beyond, self.found = self.size(), True
        elif self.found:
            self.inside = self.size()


def simulated_edges(
    scenario: Scenario, rows: Sequence[Headroom], seeds: Sequence[int], *, progress: Progress | None = None
) -> tuple[Headroom, ...]:
    """The same rows, the nearest edges between healthy and vulnerable with what simulation finds.

    Args:
        scenario: The scenario; changes by its events count as made.
        rows: Headroom by closed form.
        seeds: Seeds.
        progress: Told how far it has come.
    """
    rest = settled(scenario)
    by_key = {knob.key: knob for knob in knobs(rest)}
    chosen = [one for one in rows if one.edge is not None and one.towards is not State.OVERLOADED][:NEAREST]
    if not chosen or not seeds:
        return tuple(rows)
    brackets = [_Bracket(one, by_key[one.key], one.value, one.edge or one.value) for one in chosen]
    closed = closed_form(rest)  # as deep as the present scenario would be, so that only the value differs
    here = _heals(trials([deep(rest, closed)], seeds, what="looking for edges", progress=progress)[0])
    for _ in range(ROUNDS + 1):
        starts = [deep(one.knob.put(rest, one.size()), closed) for one in brackets]
        ended = trials(starts, seeds, what="looking for edges", progress=progress)
        for bracket, found in zip(brackets, ended, strict=True):
            bracket.learn(differs=_heals(found) is not here)
        brackets = [one for one in brackets if one.found]
    edges = {one.row.key: one.beyond for one in brackets}
    searched = {one.key: one.edge for one in chosen}
    return tuple(
        replace(one, simulated=edges.get(one.key), searched=searched[one.key]) if one in chosen else one
        for one in rows
    )


def _heals(found: Sequence[Trial]) -> bool:
    share = well(found)
    return share.hits * 2 > share.of
