"""Figures of explorations for a screen or for print: one style, the same bytes for the same content."""

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from snowpit.model.forecast import State

STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "text.parse_math": False,
    "svg.hashsalt": "snowpit",
    "svg.fonttype": "path",
}
COLOURS = {
    State.HEALTHY: "#d4e8d4",
    State.VULNERABLE: "#f6dfa4",
    State.SELF_SUSTAINING: "#e07b39",
    State.OVERLOADED: "#7a1f2b",
}
"""From light to dark, so that a print without colours keeps the order."""

BLUE, RED, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#444444"


class Drawing(NamedTuple):
    """A figure in both forms.

    Args:
        caption: What it shows.
        svg: As SVG.
        png: As PNG.
    """

    caption: str
    svg: bytes
    png: bytes


def drawn(caption: str, fill: Callable[[Figure], None], *, size: tuple[float, float] = (7.0, 5.0)) -> Drawing:
    """A figure that ``fill`` draws into an empty one.

    Args:
        caption: What it shows.
        fill: Draws it.
        size: Width and height, inches.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        fill(figure)
        return Drawing(
            caption, _saved(figure, "svg", {"Date": None}), _saved(figure, "png", {"Software": None})
        )


def logarithmic(axes: Axes, *, upwards: bool = False) -> None:
    """Give an axis a logarithmic scale with plain numbers; mathematical text is off, as names may hold dollars.

    Args:
        axes: Whose axis.
        upwards: The vertical axis, not the horizontal one.
    """
    scale, axis = (axes.set_yscale, axes.yaxis) if upwards else (axes.set_xscale, axes.xaxis)
    scale("log")
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def _saved(figure: Figure, kind: str, metadata: dict[str, Any]) -> bytes:
    found = io.BytesIO()
    figure.savefig(found, format=kind, dpi=150, metadata=metadata)
    return found.getvalue()
