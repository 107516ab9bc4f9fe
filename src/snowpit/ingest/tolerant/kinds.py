"""What the tolerant reader is told and what it gives: kinds, chunks, rows, and the remarks it gathers."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Row = dict[str, Any]
"""One audit event, by column of the request table; an absent key means null."""

Verdict = tuple[str, list[Row]]
"""``event``, ``empty``, ``other`` or ``reject:<reason>``, with the rows of an ``event``."""

LARGEST = 64 << 20
"""Bytes of the longest line or JSON value that is held in memory; a longer one is a reject."""

DEEPEST = 16
"""Envelopes inside envelopes that are opened, texts and lists counted."""

MOST = 250_000
"""Values inside one line or document that are looked at; YAML can name one value very often."""


class Kind(NamedTuple):
    """What a file was taken for.

    Args:
        shape: ``lines``, ``document``, ``yaml``, ``csv`` or ``foreign``.
        name: In words, for the coverage.
    """

    shape: str
    name: str


class Chunk(NamedTuple):
    """A stretch of a file and what came of it; the chunks of a file cover it without gap or overlap.

    Args:
        line: 1-based line in which the stretch starts.
        lines: Lines that start inside the stretch.
        offset: Byte offset of its first byte.
        length: Its length in bytes.
        verdict: ``event``, ``empty``, ``other`` or ``reject:<reason>``.
        rows: The rows read from it.
    """

    line: int
    lines: int
    offset: int
    length: int
    verdict: str
    rows: list[Row]


@dataclass(slots=True)
class Remarks:
    """What reading a file taught about it.

    Args:
        year: Year of times that carry none.
        absent: Columns, or ``latency``, that the evidence does not carry.
        notes: Remarks in words, in the order of their first use.
    """

    year: int | None = None
    absent: set[str] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)

    def note(self, text: str) -> None:
        """Keep a remark once."""
        self.notes[text] = None


class Hints(NamedTuple):
    """What an envelope knows of the event inside it.

    Args:
        server: API server, host or log stream that it names.
        time: Its own time, in µs since the epoch.
    """

    server: str | None = None
    time: int | None = None


NONE = Hints()
"""No envelope."""
