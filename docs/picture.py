"""Draws the picture of the README, a real report on the bundled evidence: ``make picture``."""

import contextlib
import io
import re
from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.text import Text

from snowpit.report.build import build
from snowpit.report.text import Style, render
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source

WIDTH = 104
TARGET = Path(__file__).parent / "assets" / "report.svg"
LAST = "Easily mistaken for"
"""The picture ends before this heading; the report goes on with remedies and further findings."""


def report() -> str:
    """The beginning of the coloured report on the bundled recording."""
    folder = str(files("snowpit").joinpath("evidence", "real-apiserver-1.13.5"))
    with contextlib.chdir(folder):
        case = run(Question(source=Source(paths=("audit.log.gz",))))
    text = render(build(case), Style(width=WIDTH, colour=True, unicode=True))
    return text.partition(LAST)[0].rpartition("\n")[0].rstrip()


def main() -> None:
    """Write the picture."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(report()))
    drawn = console.export_svg(title="snowpit diagnose audit.log.gz", unique_id="report")
    TARGET.write_text(
        re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL), "utf-8"
    )  # fonts from elsewhere


if __name__ == "__main__":
    main()
