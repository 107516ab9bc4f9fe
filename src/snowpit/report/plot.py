"""The courses of a simulation as a figure: six panels over one time axis, for a screen or for print.

Lines are medians over seeds, bands reach from the smallest to the largest seed. Nothing needs a display.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from snowpit.errors import EvidenceError
from snowpit.observe.replications import TRACKS, Spread, series
from snowpit.report.simulation import answer, moment
from snowpit.report.study import Study
from snowpit.report.visible import visible

MINUTE = 60.0
WRAP = 96
HEADROOM = 1.08
PANELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("calls, 1/s", ("offered", "goodput")),
    ("unwell, 1/s", ("rejected", "timed_out", "failed")),
    ("limiter wait, s", ("throttle_wait",)),
    ("seats", ("seats_mutating", "seats_readonly", "queued")),
    ("backlog, reads", ("backlog",)),
    ("dead look-ups", ("dead_work",)),
)
"""Axis title and tracks of each panel, from the top."""

_COLOURS = ("#0072b2", "#d55e00", "#009e73")
_DASHES = ("-", "--", ":")
_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "text.parse_math": False,
    "svg.hashsalt": "snowpit",
    "svg.fonttype": "path",
}


def draw(study: Study, path: Path) -> None:
    """Write the figure as SVG or PNG, by the ending of the file's name; the same study gives the same bytes.

    Raises:
        EvidenceError: If the model has no course in time, or the file cannot be written.
    """
    found = series(study.runs)
    if not found:
        raise EvidenceError("There is no course in time to draw.", "Leave --plot out for this model.")
    with mpl.rc_context(_STYLE):
        figure = _figure(study, found)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        try:
            figure.savefig(path, dpi=150, metadata=metadata)
        except OSError as error:
            raise EvidenceError(
                "The figure cannot be written.", "Check the folder and the rights of --plot."
            ) from error


def _figure(study: Study, found: dict[str, tuple[Spread, ...]]) -> Figure:
    figure = Figure(figsize=(8.3, 10.8), layout="constrained")
    figure.suptitle(_title(study), fontsize=10, x=0.01, ha="left")
    panels = figure.subplots(len(PANELS), 1, sharex=True)
    bin_s = study.runs[0].samples.bin_s
    for axes, (label, names) in zip(panels, PANELS, strict=True):
        _panel(axes, label, [(name, found[name]) for name in names if name in found], bin_s=bin_s)
        _marks(axes, study)
    figure.align_ylabels(panels)
    panels[-1].set_xlabel("time, min")
    panels[-1].set_xlim(0.0, study.scenario.horizon_s / MINUTE)
    _events(figure, study)
    return figure


def _title(study: Study) -> str:
    """Name and verdict, wrapped."""
    words, lines = answer(study).split(), [visible(study.scenario.name)]
    row = ""
    for word in words:
        if len(row) + len(word) >= WRAP:
            lines.append(row.strip())
            row = ""
        row += f"{word} "
    return "\n".join((*lines, row.strip()))


def _panel(axes: Axes, label: str, tracks: Sequence[tuple[str, tuple[Spread, ...]]], *, bin_s: float) -> None:
    """Median and band of each track that is ever above nothing; the first one always."""
    words = {track.name: track.label for track in TRACKS}
    for number, (name, values) in enumerate(tracks):
        if number and not any(value.high for value in values):
            continue
        times = [place * bin_s / MINUTE for place in range(len(values) + 1)]
        middle, low, high = ([value[part] for value in values] for part in range(3))
        axes.fill_between(
            times,
            [*low, low[-1]],
            [*high, high[-1]],
            step="post",
            color=_COLOURS[number],
            alpha=0.18,
            linewidth=0,
        )
        axes.step(
            times,
            [*middle, middle[-1]],
            where="post",
            color=_COLOURS[number],
            linestyle=_DASHES[number],
            linewidth=1.3,
            label=words[name],
        )
    axes.set_ylabel(label)
    top = max((value.high for _, values in tracks for value in values), default=0.0)
    axes.set_ylim(0.0, top * HEADROOM or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)


def _marks(axes: Axes, study: Study) -> None:
    """Triggers dashed, interventions solid."""
    for marker in study.markers:
        style = "--" if marker.trigger else "-"
        axes.axvline(marker.at_s / MINUTE, color="#444444", linestyle=style, linewidth=1.0)


def _events(figure: Figure, study: Study) -> None:
    """What the marks mean, below the panels."""
    kinds = {True: "trigger, dashed", False: "intervention, solid"}
    items = [f"{moment(m.at_s)}: {visible(m.title)} ({kinds[m.trigger]})" for m in study.markers]
    if items:
        figure.supxlabel("\n".join(items[:8]), fontsize=8, x=0.01, ha="left")
