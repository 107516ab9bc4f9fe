"""The common currency of the readers of one shape: a stretch of bytes, counted, with its verdict."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from snowpit.ingest.tolerant.kinds import Remarks, Row
from snowpit.ingest.tolerant.reader import read_line
from snowpit.ingest.tolerant.salvage import salvage

CUT_OFF = "cut off at the end"
"""Reason for what stands unfinished at the end of a file."""


class Piece(NamedTuple):
    """A stretch of bytes and what came of it.

    Args:
        length: In bytes.
        newlines: Line ends in it.
        closed: Whether its last byte is a line end.
        verdict: As in ``Chunk``.
        rows: As in ``Chunk``.
    """

    length: int
    newlines: int
    closed: bool
    verdict: str
    rows: list[Row]


class Reader(Protocol):
    """Cuts bytes of one shape into pieces; the result does not depend on how the bytes are handed over."""

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Pieces that are complete with these bytes."""
        ...

    def finish(self) -> Iterator[Piece]:
        """What was kept back."""
        ...


def piece(data: bytes, verdict: str, rows: list[Row] | None = None) -> Piece:
    """A piece of these bytes."""
    return Piece(len(data), data.count(b"\n"), data.endswith(b"\n"), verdict, rows or [])


def read_stretch(data: bytes, remarks: Remarks, *, final: bool = False) -> Iterator[Piece]:
    """The pieces of one line or JSON value: one as a rule, several where something could be salvaged.

    Args:
        data: With its line end, if it has one.
        remarks: Takes remarks and absent columns.
        final: Whether nothing follows, so that a broken value was cut off.
    """
    verdict, rows = read_line(data, remarks)
    if not verdict.startswith("reject:"):
        yield piece(data, verdict, rows)
        return
    reason = verdict.removeprefix("reject:")
    if final and reason == "broken JSON" and not data.endswith(b"\n"):
        reason = CUT_OFF
    done = 0
    for part in salvage(data, reason, remarks):
        yield piece(data[done : part.end], part.verdict, part.rows)
        done = part.end
