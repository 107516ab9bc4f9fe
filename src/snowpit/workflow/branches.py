"""The figures of ``snowpit hysteresis``: the branches, and demand and courses at the scenario's own parameters."""

from math import inf, isfinite

from snowpit.forecast.closed import closed_form
from snowpit.forecast.explore.courses import portrait
from snowpit.forecast.explore.gathered import Exploration
from snowpit.forecast.explore.questions import edge
from snowpit.report.explore import branches
from snowpit.report.explore.figure import Drawing


def pictures(found: Exploration) -> dict[str, Drawing]:
    """Drawings by name of file; demand and courses only where a limiter stands before the look-ups."""
    scenario, drawn = found.scenario, {"hysteresis": branches.hysteresis(found)}
    closed = closed_form(scenario)
    if closed.rate == inf or not closed.lookups:
        return drawn
    size = edge(scenario, found.seeds[0])
    courses = portrait(scenario, found.seeds[0], edge=size if isfinite(size) else None)
    return {
        **drawn,
        "demand": branches.demand(closed, scenario.name),
        "portrait": branches.portrait(courses, scenario.name),
    }
