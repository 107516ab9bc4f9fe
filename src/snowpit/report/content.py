"""The content tree: what a page says, whatever medium prints it."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text.

    Args:
        text: One or more sentences; line ends count as spaces.
        tone: ``plain``, ``strong``, ``quiet`` or ``warning``.
    """

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences.

    Args:
        items: One text an item.
        ordered: Numbered, as order matters.
        mark: Sign before each item where the medium has no lists of its own.
    """

    items: tuple[str, ...]
    ordered: bool = False
    mark: str = "-"


class Bar(NamedTuple):
    """A cell that shows a share as a bar.

    Args:
        share: From 0 to 1.
    """

    share: float


class Spark(NamedTuple):
    """A cell that shows a series.

    Args:
        values: One number a bin, none negative.
    """

    values: tuple[float, ...]


Cell: TypeAlias = str | Bar | Spark


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings.

    Args:
        head: Headings.
        rows: Cells, as many a row as headings.
        right: Indexes of columns with figures, set flush right.
        shorten: Indexes of columns whose text may be shortened in the middle to fit the line.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: frozenset[int] = frozenset()
    shorten: frozenset[int] = frozenset()


class Step(NamedTuple):
    """One step of a chain of causes.

    Args:
        label: Its place, e.g. ``trigger``.
        text: One sentence.
        known: False if inferred.
    """

    label: str
    text: str
    known: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps of which each brings about the next."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Series over one stretch of time, one below the other.

    Args:
        series: (label, values, remark) for each.
        start: Words for the left end.
        end: Words for the right end.
        mark: Place of the mark from 0 to 1; null for none.
        mark_text: Words for the mark.
        signs: (place from 0 to 1, one character) for marks that a list beside the lines explains.
    """

    series: tuple[tuple[str, tuple[float, ...], str], ...]
    start: str
    end: str
    mark: float | None = None
    mark_text: str = ""
    signs: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """Text to type or to keep as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what belongs under it.

    Args:
        title: The heading.
        blocks: In reading order.
        note: A few words beside the heading.
        quiet: Of lesser weight.
    """

    title: str
    blocks: tuple["Block", ...]
    note: str = ""
    quiet: bool = False


Block: TypeAlias = Paragraph | Bullets | Table | Chain | Lines | Code | Section


@dataclass(frozen=True, slots=True)
class Page:
    """A whole answer.

    Args:
        title: What it is about.
        blocks: In reading order.
    """

    title: str
    blocks: tuple[Block, ...]
