"""The forecast as one HTML file, with the demand curve against the capacity of the limiter."""

from math import inf, isfinite

from matplotlib.figure import Figure

from snowpit.model.forecast import Forecast
from snowpit.report import html
from snowpit.report.explore.figure import drawn
from snowpit.report.forecast import build

CAPTION = "Look-ups per second asked for, by how long a miss takes, against what the limiter lets pass"


def render(forecast: Forecast) -> str:
    """The forecast as HTML; the curve stands after the state."""
    pictures = []
    if isfinite(forecast.capacity) and forecast.peak_demand > 0:
        made = drawn(CAPTION, lambda figure: _fill(figure, forecast))
        pictures.append(html.Picture(CAPTION, made.svg))
    return html.render(build(forecast), pictures)


def _fill(figure: Figure, forecast: Forecast) -> None:
    """Draw the curve, the capacity, and where they cross."""
    axes = figure.subplots()
    points = [(wait, value) for wait, value in forecast.curve if wait > 0]
    axes.semilogx([wait for wait, _ in points], [value for _, value in points], label="demand")
    axes.axhline(forecast.capacity, color="tab:red", linestyle="--", label="capacity")
    crossings = (
        (forecast.unstable_wait_s, "edge of the healthy state", "o"),
        (forecast.stable_wait_s, "bad state", "s"),
    )
    for wait, label, marker in crossings:
        if wait is not None and 0 < wait < inf:
            axes.plot([wait], [forecast.capacity], marker, color="black", label=f"{label}: {wait:,.1f} s")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("seconds from miss to cache fill")
    axes.set_ylabel("look-ups per second")
    axes.set_ylim(bottom=0)
    axes.legend()
