"""The page as Markdown, for an issue or a post-mortem. Text from evidence cannot become markup."""

import re
from collections.abc import Callable, Iterator

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
from snowpit.report.figures import share
from snowpit.report.text import row_of, spark
from snowpit.report.visible import visible

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$&@!])")
_BULLET = re.compile(r"^([-+=])")
_NUMBER = re.compile(r"^(\d+)([.)])(?=\s|$)")
WIDTH = 60


def render(page: Page) -> str:
    """The page as Markdown (the GitHub dialect, for its tables)."""
    lines = [f"# {escaped(page.title)}"]
    for block in page.blocks:
        lines.append("")
        lines.extend(_block(block, 2))
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    r"""Text in which nothing is markup: neither HTML, links, mentions nor emphasis.

    >>> escaped("a|b <script>")
    'a\\|b \\<script\\>'
    """
    clean = _SPECIAL.sub(r"\\\1", visible(" ".join(text.split())))
    return _NUMBER.sub(r"\1\\\2", _BULLET.sub(r"\\\1", clean))


def _block(block: Block, level: int) -> Iterator[str]:
    yield from _PRINTERS[type(block)](block, level)


def _paragraph(block: Paragraph, _: int) -> Iterator[str]:
    text = escaped(block.text)
    yield f"**{text}**" if block.tone in ("strong", "warning") and text else text


def _bullets(block: Bullets, _: int) -> Iterator[str]:
    for number, item in enumerate(block.items, start=1):
        yield f"{number}. {escaped(item)}" if block.ordered else f"- {escaped(item)}"


def _chain(block: Chain, _: int) -> Iterator[str]:
    for number, step in enumerate(block.steps, start=1):
        inferred = "" if step.known else " *(inferred)*"
        yield f"{number}. **{escaped(step.label)}**: {escaped(step.text)}{inferred}"


def _code(block: Code, _: int) -> Iterator[str]:
    for line in block.text.splitlines():
        yield f"    {visible(line)}"


def _lines(block: Lines, _: int) -> Iterator[str]:
    label = max((len(visible(name)) for name, _, _ in block.series), default=0)
    for name, values, remark in block.series:
        yield f"    {visible(name).ljust(label)}  {spark(values, WIDTH)}  {visible(remark)}"
    if block.signs:
        longest = max((len(values) for _, values, _ in block.series), default=1)
        yield f"    {' ' * (label + 2)}{row_of(block.signs, min(WIDTH, longest), bins=longest)}"
    yield f"    {visible(block.start)} to {visible(block.end)}" + (
        f"; change at {visible(block.mark_text)}" if block.mark is not None else ""
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, Bar):
        return share(cell.share)
    return spark(cell.values, 30) if isinstance(cell, Spark) else escaped(cell)


def _table(block: Table, _: int) -> Iterator[str]:
    yield "| " + " | ".join(escaped(name) for name in block.head) + " |"
    yield (
        "|" + "|".join("---:" if column in block.right else "---" for column in range(len(block.head))) + "|"
    )
    for row in block.rows:
        yield "| " + " | ".join(_cell(cell) for cell in row) + " |"


def _section(block: Section, level: int) -> Iterator[str]:
    note = f" ({escaped(block.note)})" if block.note else ""
    yield f"{'#' * min(level, 6)} {escaped(block.title)}{note}"
    for inner in block.blocks:
        yield ""
        yield from _block(inner, level + 1)


_PRINTERS: dict[type, Callable[..., Iterator[str]]] = {
    Paragraph: _paragraph,
    Bullets: _bullets,
    Chain: _chain,
    Code: _code,
    Section: _section,
    Lines: _lines,
    Table: _table,
}
