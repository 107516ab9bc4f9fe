"""What the seeds of every point say together."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log
from statistics import mean, median
from typing import NamedTuple

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.explore.axes import Axis, Settings
from snowpit.forecast.explore.questions import Answer
from snowpit.forecast.explore.run import Point
from snowpit.model.forecast import State
from snowpit.observe.outcome import Verdict
from snowpit.observe.replications import Spread, spread, wilson

STATES = (State.HEALTHY, State.VULNERABLE, State.SELF_SUSTAINING, State.OVERLOADED)
"""From the best to the worst."""

FAILING = (Verdict.STUCK, Verdict.OVERLOADED)


class Share(NamedTuple):
    """A share of seeds with its interval by Wilson's score."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """Every point of an exploration with the answers of its seeds.

    Args:
        scenario: The scenario that was varied.
        axes: What was varied, the first one outermost.
        seeds: Seeds of every point.
        points: Answers, seeds of one point together.
    """

    scenario: Scenario
    axes: tuple[Axis, ...]
    seeds: tuple[int, ...]
    points: tuple[Point, ...]

    @cached_property
    def by_place(self) -> Mapping[Settings, tuple[Answer, ...]]:
        """Answers of each point, in order of seeds."""
        found: dict[Settings, list[Answer]] = defaultdict(list)
        for point in self.points:
            found[point.at].append(point.answer)
        return {at: tuple(answers) for at, answers in found.items()}


def state_of(answers: Sequence[Answer]) -> State:
    """The state that most seeds find; of equally frequent ones the worst."""
    counted = Counter(str(answer["state"]) for answer in answers)
    return max(STATES, key=lambda kind: (counted[kind.value], STATES.index(kind)))


def tips(answers: Sequence[Answer]) -> Share:
    """Share of seeds that fail to the end."""
    fail = sum(
        answer.get("verdict") in FAILING or answer.get("state") == State.OVERLOADED for answer in answers
    )
    low, high = wilson(fail, len(answers))
    return Share(fail / len(answers), low, high)


def numbers(answers: Sequence[Answer], name: str) -> list[float]:
    """Values of a figure, over seeds that have it."""
    return [float(answer[name] or 0.0) for answer in answers if answer.get(name) is not None]


def middle(answers: Sequence[Answer], name: str) -> Spread | None:
    """Median and interval of a figure over seeds; null if no seed has it."""
    found = numbers(answers, name)
    return spread(found) if found else None


def edge_of(answers: Sequence[Answer]) -> float | None:
    """Geometric mean of the smallest kicks that tip, over seeds that have one."""
    found = [size for size in numbers(answers, "critical_lookups") if size > 0]
    return exp(mean(map(log, found))) if found else None


def verdicts(answers: Sequence[Answer]) -> dict[str, int]:
    """Number of seeds by verdict, all verdicts named."""
    counted = Counter(answer.get("verdict") for answer in answers)
    return {kind.value: counted[kind.value] for kind in Verdict}


def typical(answers: Sequence[Answer], name: str) -> float | None:
    """Median of a figure over seeds; null if no seed has it."""
    found = numbers(answers, name)
    return median(found) if found else None
