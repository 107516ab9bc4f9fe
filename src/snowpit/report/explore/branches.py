"""Branches over one parameter, demand against capacity, and the phase portrait, as figures."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snowpit.forecast.closed import ClosedForm
from snowpit.forecast.explore.courses import Course
from snowpit.forecast.explore.gathered import Exploration, edge_of, middle
from snowpit.report.explore.figure import BLUE, GREEN, GREY, RED, Drawing, drawn, logarithmic
from snowpit.report.visible import visible

HALF = 0.5
LEAST = 1.0
"""Smallest backlog drawn on a logarithmic axis, look-ups."""


def hysteresis(found: Exploration) -> Drawing:
    """Backlog and goodput on both branches, with the edge between them."""
    caption = (
        f"{found.scenario.name} over {found.axes[0].label}: the healthy branch, the branch after a deep start, and between"
        " them (dashed) the smallest kick that tips; bands reach from the smallest to the largest seed."
    )
    return drawn(caption, lambda figure: _branches(figure, found), size=(7.2, 6.0))


def _branches(figure: Figure, found: Exploration) -> None:
    above, below = figure.subplots(2, 1, sharex=True)
    axis = found.axes[0]
    for name, colour in (("healthy", BLUE), ("kicked", RED)):
        _band(above, found, f"{name}_backlog", label=f"{name} branch", colour=colour, least=LEAST)
        _band(below, found, f"{name}_goodput_per_s", label=f"{name} branch", colour=colour)
    edges = [edge_of(answers) for answers in found.by_place.values()]
    pairs = [(place, size) for place, size in zip(axis.numbers, edges, strict=True) if size]
    if pairs:
        above.plot(
            *zip(*pairs, strict=True), color=GREY, linestyle="--", marker=".", label="edge (kick that tips)"
        )
    logarithmic(above, upwards=True)
    above.set_ylabel("look-ups waiting")
    below.set_ylabel("goodput of clients, 1/s")
    below.set_ylim(bottom=0.0)
    below.set_xlabel(visible(axis.label))
    if axis.log:
        logarithmic(below)
    above.legend(fontsize=8)
    above.set_title(visible(found.scenario.name), fontsize=9)


def _band(axes: Axes, found: Exploration, name: str, *, label: str, colour: str, least: float = 0.0) -> None:
    """Median over seeds with the range of seeds."""
    spreads = [middle(answers, name) for answers in found.by_place.values()]
    rows = [
        (place, max(least, value.low), max(least, value.median), max(least, value.high))
        for place, value in zip(found.axes[0].numbers, spreads, strict=True)
        if value is not None
    ]
    if not rows:
        return
    places, low, median, high = zip(*rows, strict=True)
    axes.fill_between(places, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(places, median, color=colour, marker=".", label=label)


def demand(closed: ClosedForm, name: str) -> Drawing:
    """Demand for look-ups against how long a miss takes, with the capacity of the limiter."""
    caption = (
        f"{name}: look-ups asked for, by how long a miss takes to fill the cache, against what the limiter lets pass. Where"
        " demand crosses the capacity upwards lies the edge; from there on a queue grows."
    )
    return drawn(caption, lambda figure: _demand(figure, closed, name), size=(7.2, 4.0))


def _demand(figure: Figure, closed: ClosedForm, name: str) -> None:
    axes = figure.subplots()
    waits, values = zip(*[point for point in closed.curve if point[0] > 0.0], strict=True)
    axes.plot(waits, values, color=BLUE, label="demand")
    axes.axhline(closed.rate, color=RED, linestyle="--", label="capacity of the limiter")
    if closed.unstable_wait_s:
        axes.plot(
            [closed.unstable_wait_s],
            [closed.rate],
            "o",
            color=GREY,
            label=f"edge, {closed.unstable_wait_s:.2g} s",
        )
    logarithmic(axes)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("time from miss to fill, s")
    axes.set_ylabel("look-ups, 1/s")
    axes.set_title(visible(name), fontsize=9)
    axes.legend(fontsize=8)


def portrait(courses: Sequence[Course], name: str) -> Drawing:
    """Courses through the plane of backlog and fresh tokens."""
    caption = (
        f"{name}: courses after kicks below and above the edge, in the plane of look-ups waiting and tokens fresh in the"
        " cache; dots mark the ends. Green ones heal, red ones do not. A larger kick may heal where a smaller one does not:"
        " tokens that all miss at once stay in phase and heal together."
    )
    return drawn(caption, lambda figure: _portrait(figure, courses, name), size=(7.2, 4.6))


def _portrait(figure: Figure, courses: Sequence[Course], name: str) -> None:
    axes = figure.subplots()
    for course in courses:
        colour = RED if course.fails else GREEN
        backlog = [max(HALF, value) for value in course.backlog]
        label = f"kick of {course.kick:,}: {'fails' if course.fails else 'heals'}"
        axes.plot(backlog, course.fresh, color=colour, alpha=0.75, linewidth=1.0, label=label)
        axes.plot(backlog[-1:], course.fresh[-1:], "o", color=colour, markersize=5)
    logarithmic(axes)
    axes.set_xlabel("look-ups waiting")
    axes.set_ylabel("tokens fresh in the cache")
    axes.set_title(visible(name), fontsize=9)
    axes.legend(fontsize=8)
