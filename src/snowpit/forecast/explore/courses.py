"""Courses through the plane of backlog and warm cache, from kicks around the edge: what a phase portrait is drawn of."""

from typing import NamedTuple

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.explore.kicks import WARM_S, deep, kicked, tried
from snowpit.model.sample import Run
from snowpit.observe.outcome import reached

AROUND = (0.5, 0.8, 1.25, 2.0)
"""Kicks over the edge."""


class Course(NamedTuple):
    """One trial after its kick.

    Args:
        kick: Look-ups queued at once.
        fails: Whether it fails to its end.
        backlog: Look-ups waiting, all API servers, by bin.
        fresh: Tokens fresh in the cache, all API servers, by bin.
    """

    kick: int
    fails: bool
    backlog: tuple[float, ...]
    fresh: tuple[float, ...]


def portrait(scenario: Scenario, seed: int, *, edge: float | None) -> tuple[Course, ...]:
    """Courses from kicks below and above the edge; one from a deep start where there is none.

    Args:
        scenario: The scenario; its own events do not happen.
        seed: Seed of all courses.
        edge: The smallest kick that tips it, look-ups; null if none does.
    """
    sizes = [deep(scenario)] if edge is None else [max(1, round(edge * times)) for times in AROUND]
    return tuple(_course(scenario, seed, size) for size in dict.fromkeys(sizes))


def _course(scenario: Scenario, seed: int, size: int) -> Course:
    trial = tried(kicked(scenario, size), seed)
    return Course(size, trial.fails, _summed(trial.run, "backlog"), _summed(trial.run, "fresh_tokens"))


def _summed(run: Run, name: str) -> tuple[float, ...]:
    """A state over all API servers by bin, from the kick on."""
    first = int(WARM_S / run.samples.bin_s)
    columns = [by_name[name][first : reached(run)] for by_name in run.samples.servers]
    return tuple(sum(values) for values in zip(*columns, strict=True))
