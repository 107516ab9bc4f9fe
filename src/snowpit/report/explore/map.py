"""The stability map as a figure: states as colours, the smallest kick that tips as contours."""

from math import log10

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from snowpit.forecast.explore.axes import Axis
from snowpit.forecast.explore.gathered import STATES, Exploration, edge_of, state_of
from snowpit.report.explore.figure import COLOURS, GREY, Drawing, drawn, logarithmic
from snowpit.report.explore.words import map_answer
from snowpit.report.visible import visible

LEVELS = (10, 30, 100, 300, 1000, 3000, 10_000)
"""Kicks that contours are drawn for, look-ups."""

LEAST_LEVELS = 2
MINOR = "#ffffff"


def stability(found: Exploration) -> Drawing:
    """The map of an exploration over two ranged axes."""
    return drawn(map_answer(found), lambda figure: _fill(figure, found), size=(7.2, 5.4))


def _fill(figure: Figure, found: Exploration) -> None:
    axes = figure.subplots()
    across, up = found.axes
    states = np.array([[STATES.index(state_of(_at(found, x, y))) for x in across.values] for y in up.values])
    colours = ListedColormap([COLOURS[kind] for kind in STATES])
    axes.pcolormesh(
        _borders(across),
        _borders(up),
        states,
        cmap=colours,
        norm=BoundaryNorm(np.arange(len(STATES) + 1) - 0.5, len(STATES)),
        edgecolors=MINOR,
        linewidth=0.3,
    )
    _contours(axes, found)
    for axis, upwards, label in ((across, False, axes.set_xlabel), (up, True, axes.set_ylabel)):
        label(visible(axis.label))
        if axis.log:
            logarithmic(axes, upwards=upwards)
    handles = [Patch(facecolor=COLOURS[kind], label=kind.value) for kind in STATES]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(STATES), fontsize=8)
    axes.set_title(
        visible(f"{found.scenario.name}: states, and the smallest kick that tips (look-ups)"), fontsize=9
    )


def _at(found: Exploration, x: str, y: str) -> tuple[dict[str, float | str | None], ...]:
    across, up = found.axes
    return tuple(dict(answer) for answer in found.by_place[(across.key, x), (up.key, y)])


def _contours(axes: Axes, found: Exploration) -> None:
    """Lines of equal edge where at least two points in each direction have one."""
    across, up = found.axes
    sizes = [[edge_of(_at(found, x, y)) for x in across.values] for y in up.values]
    edges = np.ma.masked_invalid([[log10(size) if size else np.nan for size in row] for row in sizes])
    inside = [level for level in LEVELS if edges.count() and edges.min() < log10(level) < edges.max()]
    if not inside or min(edges.shape) < LEAST_LEVELS:
        return
    lines = axes.contour(
        across.numbers,
        up.numbers,
        edges,
        levels=[log10(level) for level in inside],
        colors=GREY,
        linewidths=0.9,
    )
    axes.clabel(lines, fmt={log10(level): f"{level:,}" for level in inside}, fontsize=7)


def _borders(axis: Axis) -> list[float]:
    """Borders of the cells around the values, in the middle between neighbours; no parameter goes below 0."""
    places = np.log10(axis.numbers) if axis.log else np.array(axis.numbers)
    middles = (places[1:] + places[:-1]) / 2.0
    borders = np.concatenate(([2 * places[0] - middles[0]], middles, [2 * places[-1] - middles[-1]]))
    return [max(0.0, float(value)) for value in (10.0**borders if axis.log else borders)]
