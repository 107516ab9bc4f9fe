"""The page as one self-contained HTML file: no script, nothing from elsewhere, all text escaped."""

import base64
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import jinja2

from snowpit.report import text
from snowpit.report.content import Bar, Block, Cell, Page, Spark
from snowpit.report.figures import share
from snowpit.report.visible import visible


class Picture(NamedTuple):
    """A figure of a page.

    Args:
        caption: What it shows, also for those who cannot see it.
        svg: The drawing.
    """

    caption: str
    svg: bytes

    @property
    def encoded(self) -> str:
        """The drawing in Base64: as an image it can run nothing, whatever it holds."""
        return base64.b64encode(self.svg).decode("ascii")


def render(page: Page, pictures: Sequence[Picture] = ()) -> str:
    """The page as HTML; pictures stand after its first block."""
    return _template().render(page=page, pictures=pictures)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("snowpit.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"visible": visible, "lines": _lines, "cell": _cell, "plain": _plain}
    return environment.get_template("page.html")


def _lines(code: str) -> str:
    """Lines stay lines; whatever else cannot be seen is spelled out."""
    return "\n".join(visible(line) for line in code.split("\n"))


def _cell(cell: Cell) -> str:
    if isinstance(cell, Bar):
        return share(cell.share)
    return text.spark(cell.values, text.SPARK) if isinstance(cell, Spark) else visible(cell)


def _plain(block: Block) -> str:
    """Chains and courses over time as on a terminal."""
    return text.render(Page("", (block,)), text.Style(width=100)).strip("\n")
