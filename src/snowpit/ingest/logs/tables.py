"""CSV exports of component logs: one record is one message."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import NamedTuple

from snowpit.ingest.logs.blocks import Block
from snowpit.ingest.logs.shapes import BOM, opened
from snowpit.ingest.logs.wraps import Unwrapped

MOST_LINES = 10_000
"""Lines of one record; more mean that a quote is missing."""


class Record(NamedTuple):
    """One record.

    Args:
        found: Its message; null for the header and for what is none.
        line: 1-based number of its first line.
        raw: Its bytes with line ends.
    """

    found: Unwrapped | None
    line: int
    raw: bytes


def records(pieces: Iterable[Block]) -> Iterator[Record]:
    """The records of a stream.

    Args:
        pieces: Its blocks.
    """
    header: list[str] | None = None
    for line, raw in _raw_records(pieces):
        fields = _fields(raw)
        if header is None:
            header = [name.strip() for name in fields]
            yield Record(None, line, raw)
        else:
            yield Record(opened(dict(zip(header, fields, strict=False))), line, raw)


def _raw_records(pieces: Iterable[Block]) -> Iterator[tuple[int, bytes]]:
    """Records with their line numbers: they end at a line end outside quotes."""
    held: list[bytes] = []
    open_quote, first = False, 1
    for piece in pieces:
        for number, text in enumerate(piece.data.splitlines(keepends=True), start=piece.line):
            if not held:
                first = number
            held.append(text)
            open_quote ^= text.count(b'"') % 2 == 1
            if not open_quote or len(held) > MOST_LINES:
                yield first, b"".join(held)
                held, open_quote = [], False
    if held:
        yield first, b"".join(held)


def _fields(raw: bytes) -> list[str]:
    words = raw.removeprefix(BOM).decode("utf-8", "replace").replace("\0", "\ufffd")
    delimiter = ";" if words.count(";") > words.count(",") and not words.startswith('"') else ","
    try:
        return next(csv.reader(StringIO(words, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []
