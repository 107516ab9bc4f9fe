"""From a scenario and bounds to what moves its edge and its recovery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snowpit.errors import ScenarioError
from snowpit.forecast.explore.axes import Span, span
from snowpit.forecast.explore.back_ends import LOCAL
from snowpit.forecast.explore.questions import Job
from snowpit.forecast.explore.run import Point, Progress, explore
from snowpit.forecast.explore.sensitivity import (
    RESPONSES,
    Design,
    Effect,
    chosen,
    decomposition,
    effects,
    indices,
    screening,
)
from snowpit.report.explore.sensitivity import Found
from snowpit.workflow.explore import Varied


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is simulated.

    Args:
        trajectories: Walks of Morris' design; each costs one more point than there are parameters.
        samples: Base samples of Saltelli's design, a power of two; each costs two more points than parameters.
        seeds: Seeds of every point.
    """

    trajectories: int
    samples: int
    seeds: int


def spans(varied: Varied, texts: Sequence[str]) -> tuple[Span, ...]:
    """Parameters with their bounds as written.

    Raises:
        ScenarioError: If one is given twice, or there are fewer than two.
    """
    found = tuple(span(text, varied.base) for text in texts)
    if len({one.key for one in found}) < max(2, len(found)):
        raise ScenarioError(
            "A sensitivity compares two or more parameters, each given once.",
            "For instance --over tokens=50:200 --over clients=700:3000.",
        )
    return found


def sensitivity(
    varied: Varied,
    over: Sequence[Span],
    effort: Effort,
    *,
    cluster: str = LOCAL,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Found:
    """Screen all parameters, then take the few that matter apart.

    Args:
        varied: The scenario.
        over: Parameters with their bounds.
        effort: How much is simulated.
        cluster: Where the jobs run.
        folder: Where finished points are kept and taken from; null keeps none.
        progress: Told how far each of the two designs has come.

    Raises:
        SnowpitError: If a point cannot be simulated, or the journal or the cluster cannot be used.
    """

    def simulated(design: Design) -> tuple[Point, ...]:
        places = dict.fromkeys(design.settings)
        jobs = [
            Job(varied.at(at), at, seed, "responses") for at in places for seed in range(1, effort.seeds + 1)
        ]
        return explore(varied.base, jobs, cluster=cluster, folder=folder, progress=progress)

    first = screening(over, effort.trajectories)
    points = simulated(first)
    screened = {name: effects(first, points, name) for name in RESPONSES}
    kept = chosen(over, list(screened.values()))
    shares: Mapping[str, tuple[Effect, ...]] = dict.fromkeys(RESPONSES, ())
    if len(kept) > 1:
        second = decomposition(kept, effort.samples)
        more = simulated(second)
        shares = {name: indices(second, more, name) for name in RESPONSES}
        points += more
    return Found(scenario=varied.base.name, screened=screened, shares=shares, points=points)
