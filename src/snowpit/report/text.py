"""The page for a terminal or a pipe: plain lines, with colour only where asked for."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from snowpit.report.content import (
    Bar,
    Block,
    Bullets,
    Cell,
    Chain,
    Code,
    Lines,
    Page,
    Paragraph,
    Section,
    Spark,
    Table,
)
from snowpit.report.visible import cells, shortened, visible

GLYPHS = "▁▂▃▄▅▆▇█"
PLAIN_GLYPHS = "_.:-=+*#"
BAR = 12
MOST = 120
"""Columns used at most: longer lines are hard to read."""

LEAST_CELL = 12
SPARK = 30
"""Columns of a series in a table; half of them on a line shorter than :data:`ROOMY`."""

ROOMY = 100
_STYLES = {
    "strong": "1", "quiet": "2", "warning": "33", "title": "1;36", "label": "36", "number": "1", "bad": "1;31", "plain": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """What the medium can show.

    Args:
        width: Columns.
        colour: ANSI colours.
        unicode: Block characters; else ASCII stands in for them.
    """

    width: int = 100
    colour: bool = False
    unicode: bool = True

    def paint(self, text: str, tone: str) -> str:
        """Text in a colour or weight, where the medium has them."""
        code = _STYLES[tone]
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text else text


def render(page: Page, style: Style) -> str:
    """The page as lines.

    Args:
        page: What to print; its text may be hostile.
        style: What the medium can show.
    """
    width = max(40, min(style.width, MOST))
    fitting = Style(width=width, colour=style.colour, unicode=style.unicode)
    lines: list[str] = []
    for block in page.blocks:
        if lines:
            lines.append("")
        lines.extend(_block(block, fitting, 0))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _block(block: Block, style: Style, indent: int) -> Iterator[str]:
    yield from _PRINTERS[type(block)](block, style, indent)


def _wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Lines of visible text; words longer than a line are broken only there."""
    clean = visible(" ".join(text.split()))
    return textwrap.wrap(
        clean, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ) or [first]


def _paragraph(block: Paragraph, style: Style, indent: int) -> Iterator[str]:
    pad = " " * indent
    for line in _wrapped(block.text, style.width, first=pad, rest=pad):
        yield pad + style.paint(line[indent:], block.tone)


def _bullets(block: Bullets, style: Style, indent: int) -> Iterator[str]:
    for number, item in enumerate(block.items, start=1):
        mark = f"{number}." if block.ordered else block.mark
        first = " " * indent + mark + " "
        yield from _wrapped(item, style.width, first=first, rest=" " * len(first))


def _chain(block: Chain, style: Style, indent: int) -> Iterator[str]:
    label = max((len(step.label) for step in block.steps), default=0)
    pad = " " * indent
    for step in block.steps:
        text = step.text if step.known else f"{step.text} (inferred)"
        lines = _wrapped(text, style.width - indent - label - 3)
        name = visible(step.label).ljust(label)
        yield f"{pad}{style.paint(name, 'label')} > {lines[0]}"
        for line in lines[1:]:
            yield f"{pad}{' ' * (label + 3)}{line}"


def _code(block: Code, _: Style, indent: int) -> Iterator[str]:
    for line in block.text.splitlines():
        yield " " * (indent + 4) + visible(line)


def _section(block: Section, style: Style, indent: int) -> Iterator[str]:
    title = visible(block.title if indent else block.title.upper())
    note = visible(block.note)
    apart = bool(note) and indent + cells(title) + cells(note) + 2 > style.width
    beside = f"  {style.paint(note, 'quiet')}" if note and not apart else ""
    yield " " * indent + style.paint(title, "label" if indent or block.quiet else "title") + beside
    if apart:
        yield " " * (indent + 2) + style.paint(note, "quiet")
    for inner in block.blocks:
        if isinstance(inner, Section):
            yield ""
        yield from _block(inner, style, indent + 2)


def spark(values: tuple[float, ...], width: int, *, glyphs: str = GLYPHS) -> str:
    """A series as one line of that many columns at most: the largest value of each stretch; empty stretches are blank.

    >>> spark((0, 1, 2, 4), 4)
    ' ▃▅█'
    """
    if len(values) > width:
        bounds = [len(values) * place // width for place in range(width + 1)]
        values = tuple(max(values[low:high]) for low, high in pairwise(bounds))
    top = max(values, default=0)
    if top <= 0:
        return " " * len(values)
    last = len(glyphs) - 1
    return "".join(
        " " if value <= 0 else glyphs[min(last, int(value / top * last + 0.5))] for value in values
    )


def bar(value: float, *, width: int = BAR, full: str = "█") -> str:
    """A share as a bar; whatever is not nothing shows at least one mark."""
    length = round(max(0.0, min(1.0, value)) * width)
    return full * max(length, 1 if value > 0 else 0)


def row_of(signs: tuple[tuple[float, str], ...], width: int, *, bins: int) -> str:
    """Signs below the columns of the bins that they fall into; one that finds its place taken goes to the next.

    Args:
        signs: Place from 0 to 1, and one character.
        width: Columns.
        bins: Values in the series, which :func:`spark` may have fitted into fewer columns.

    >>> row_of(((0.0, "1"), (0.5, "2"), (0.5, "3")), 6, bins=6)
    '1  23'
    """
    row: dict[int, str] = {}
    for place, sign in signs:
        column = min(bins - 1, int(place * bins))
        if bins > width:
            column = ((column + 1) * width - 1) // bins
        while column in row:
            column += 1
        row[column] = visible(sign)
    return "".join(row.get(column, " ") for column in range(max(row, default=-1) + 1))


def _lines(block: Lines, style: Style, indent: int) -> Iterator[str]:
    label = max((cells(visible(name)) for name, _, _ in block.series), default=0)
    remark = max((cells(visible(text)) for _, _, text in block.series), default=0)
    width = max(10, style.width - indent - label - remark - 4)
    longest = max((len(values) for _, values, _ in block.series), default=0)
    width = min(width, max(longest, 1))
    glyphs = GLYPHS if style.unicode else PLAIN_GLYPHS
    pad = " " * indent
    for name, values, text in block.series:
        drawn = spark(values, width, glyphs=glyphs).ljust(width)
        yield f"{pad}{visible(name).ljust(label)}  {style.paint(drawn, 'label')}  {visible(text)}"
    if block.mark is not None:
        place = min(width - 1, int(block.mark * width))
        text = visible(block.mark_text)
        left = cells(text) + 1 <= label + 2 + place and label + 4 + place + cells(text) > style.width - indent
        before = f"{text} ".rjust(label + 2 + place) if left else " " * (label + 2 + place)
        yield f"{pad}{before}^" + ("" if left else f" {text}")
    if block.signs:
        yield f"{pad}{' ' * (label + 2)}{row_of(block.signs, width, bins=max(longest, 1))}"
    start, end = visible(block.start), visible(block.end)
    axis = f"{start}{' ' * max(2, width - cells(start) - cells(end))}{end}"
    yield f"{pad}{' ' * (label + 2)}{style.paint(axis, 'quiet')}"


def _cell(cell: Cell, style: Style) -> str:
    if isinstance(cell, Bar):
        return bar(cell.share, full="█" if style.unicode else "#")
    if isinstance(cell, Spark):
        room = SPARK if style.width >= ROOMY else SPARK // 2
        return spark(cell.values, room, glyphs=GLYPHS if style.unicode else PLAIN_GLYPHS)
    return visible(" ".join(cell.split()))


def _table(block: Table, style: Style, indent: int) -> Iterator[str]:
    rows = [tuple(_cell(cell, style) for cell in row) for row in (block.head, *block.rows)]
    widths = [max(cells(row[column]) for row in rows) for column in range(len(block.head))]
    _fit(widths, block.shorten, style.width - indent)
    for number, row in enumerate(rows):
        parts = [
            _set(shortened(text, widths[column]), widths[column], right=column in block.right)
            for column, text in enumerate(row)
        ]
        line = "  ".join(parts).rstrip()
        yield " " * indent + (style.paint(line, "quiet") if number == 0 else line)


def _fit(widths: list[int], shorten: frozenset[int], room: int) -> None:
    """Take columns from the widest of those that may be shortened until the line fits."""
    while shorten and sum(widths) + 2 * (len(widths) - 1) > room:
        widest = max(sorted(shorten), key=lambda column: widths[column])
        if widths[widest] <= LEAST_CELL:
            return
        widths[widest] -= 1


def _set(text: str, width: int, *, right: bool) -> str:
    gap = " " * max(0, width - cells(text))
    return gap + text if right else text + gap


_PRINTERS: dict[type, Callable[..., Iterator[str]]] = {
    Paragraph: _paragraph,
    Bullets: _bullets,
    Chain: _chain,
    Code: _code,
    Section: _section,
    Lines: _lines,
    Table: _table,
}
