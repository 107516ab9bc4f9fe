"""Whole events inside a broken stretch: glued, interleaved and NUL-ridden lines."""

import re
from itertools import pairwise
from typing import NamedTuple

from snowpit.ingest.tolerant.decode import value_end
from snowpit.ingest.tolerant.kinds import Remarks, Row
from snowpit.ingest.tolerant.reader import read_line

_START = re.compile(rb'\{\s*"kind"\s*:\s*"Event"\s*,(?!\s*"apiVersion"\s*:\s*"(?:v1"|events\.))')


class Part(NamedTuple):
    """A part of a broken stretch: where it ends, what came of it, and its rows."""

    end: int
    verdict: str
    rows: list[Row]


def salvage(data: bytes, reason: str, remarks: Remarks) -> list[Part]:
    """Parts of a broken stretch that cover it, whole events among them.

    An event is taken only if it is complete before the next one begins, so the
    work grows with the length of the stretch and no faster.

    Args:
        data: The stretch, its line end included.
        reason: Why it was rejected as a whole.
        remarks: Takes remarks and absent columns.
    """
    starts = [match.start() for match in _START.finditer(data)]
    parts: list[Part] = []
    done = 0
    for start, limit in pairwise([*starts, len(data)]):
        end = value_end(data, start, limit)
        verdict, rows = read_line(data[start:end], remarks) if end is not None else ("", [])
        if end is not None and verdict == "event":
            _add_gap(parts, data[done:start], start, reason)
            parts.append(Part(end, verdict, rows))
            done = end
    _add_gap(parts, data[done:], len(data), reason)
    return parts


def _add_gap(parts: list[Part], gap: bytes, end: int, reason: str) -> None:
    if not gap:
        return
    if not gap.strip():
        if parts:
            parts[-1] = parts[-1]._replace(end=end)
            return
        parts.append(Part(end, "empty", []))
    elif not gap.strip(b"\0\r\n\t ,"):
        parts.append(Part(end, "reject:NUL bytes" if b"\0" in gap else "empty", []))
    else:
        parts.append(Part(end, f"reject:{reason}", []))
