"""Reads one line or one JSON value, through any envelope, to rows.

The fast way is taken first: a plain audit event is decoded into the fields that
matter. All else is decoded whole and opened envelope by envelope.
"""

from typing import Any, NamedTuple

from snowpit.ingest.tolerant.decode import BrokenJsonError, decode
from snowpit.ingest.tolerant.envelopes.aks import from_columns, is_resource_specific, open_aks, open_tables
from snowpit.ingest.tolerant.envelopes.cloudwatch import named_fields, open_cloudwatch, unpack
from snowpit.ingest.tolerant.envelopes.elastic import open_line, open_list
from snowpit.ingest.tolerant.envelopes.gke import is_entry, read_entry
from snowpit.ingest.tolerant.envelopes.journald import open_journal
from snowpit.ingest.tolerant.event import DECODER, from_mapping, is_event, row_of
from snowpit.ingest.tolerant.kinds import DEEPEST, MOST, NONE, Hints, Remarks, Row, Verdict
from snowpit.ingest.tolerant.legacy import is_legacy, read_legacy
from snowpit.ingest.tolerant.prefix import is_other_log, split_prefix
from snowpit.ingest.tolerant.times import instant, unix

BOM = b"\xef\xbb\xbf"
"""Byte order mark of UTF-8."""

_OPENERS = (open_tables, open_list, open_cloudwatch, open_aks, open_journal, open_line)
_TIMES = ("time", "timestamp", "@timestamp", "ts", "TimeGenerated", "__REALTIME_TIMESTAMP", "_time")
_PAIR = 2


class _Gathered(NamedTuple):
    """What was found inside one line so far."""

    remarks: Remarks
    rows: list[Row]
    reasons: list[str]
    visits: list[None]


def read_line(line: bytes, remarks: Remarks) -> Verdict:
    """The rows of one line, or of one JSON value.

    Args:
        line: With or without its line end.
        remarks: Takes remarks and absent columns.

    Returns:
        The verdict and, for ``event``, the rows.
    """
    return read_event(line, remarks) or _read_slowly(line, remarks)


def read_event(line: bytes, remarks: Remarks) -> Verdict | None:
    """The row of a line that is a plain audit event; null if it is anything else.

    Args:
        line: With or without its line end.
        remarks: Takes remarks and absent columns.
    """
    if line[:1] != b"{":
        return None
    try:
        event = DECODER.decode(line)
    except (ValueError, RecursionError):
        return None
    if not is_event(event):
        return None
    row = row_of(event, remarks)
    return (f"reject:{row}", []) if isinstance(row, str) else ("event", [row])


def _read_slowly(line: bytes, remarks: Remarks) -> Verdict:
    line = line.removeprefix(BOM).strip().removesuffix(b",")
    if not line:
        return "empty", []
    found = _Gathered(remarks, [], [], [])
    known = _gather_text(line, found, NONE, 0)
    if found.rows:
        for reason in dict.fromkeys(found.reasons):
            remarks.note(f"some members of a batch could not be read: {reason}")
        return "event", found.rows
    if found.reasons:
        return f"reject:{found.reasons[0]}", []
    if known:
        return "other", []
    return ("reject:cut off at the start" if line.endswith(b"}") else "reject:not JSON"), []


def read_value(value: object, remarks: Remarks, hints: Hints = NONE) -> Verdict:
    """The rows of a value that is decoded already.

    Args:
        value: Of any type.
        remarks: Takes remarks and absent columns.
        hints: What is known of it.

    Returns:
        The verdict and, for ``event``, the rows.
    """
    found = _Gathered(remarks, [], [], [])
    _gather(value, found, hints, 0)
    if found.rows:
        return "event", found.rows
    return (f"reject:{found.reasons[0]}" if found.reasons else "other"), []


def _gather_text(line: bytes, found: _Gathered, hints: Hints, depth: int) -> bool:
    """Reads a text; tells whether it is of a kind that is known."""
    if line[:1] in (b"{", b"[", b'"') and not line.startswith(b"[pod/"):
        return _gather_json(line, found, hints, depth)
    if is_legacy(line):
        verdict, rows = read_legacy(line, found.remarks, hints)
        found.rows.extend(rows)
        found.reasons.extend([verdict.removeprefix("reject:")] if not rows else [])
        return True
    if line[:4] == b"H4sI":
        data = unpack(line.decode("ascii", "replace"))
        for part in (data or b"").splitlines():
            _gather_text(part.strip(), found, hints, depth + 1)
        return data is not None
    prefixed = split_prefix(line) if depth <= DEEPEST else None
    if prefixed is None:
        return is_other_log(line)
    if prefixed.partial:
        found.reasons.append("partial line")
        return True
    moment = instant(prefixed.time, found.remarks) if prefixed.time else None
    inner = Hints(prefixed.host or hints.server, moment or hints.time)
    return _gather_text(prefixed.payload.strip(), found, inner, depth + 1) or prefixed.time is not None


def _gather_json(line: bytes, found: _Gathered, hints: Hints, depth: int) -> bool:
    try:
        value = decode(line)
    except BrokenJsonError as broken:
        parts = line.splitlines() if depth else []
        if len(parts) > 1:
            for part in parts:
                _gather_text(part.strip(), found, hints, depth + 1)
        else:
            found.reasons.append(str(broken) or "broken JSON")
        return True
    _gather(value, found, hints, depth + 1)
    return True


def _gather(value: object, found: _Gathered, hints: Hints, depth: int) -> None:
    found.visits.append(None)
    if len(found.visits) == MOST:
        found.reasons.append("too many members")
    if depth > DEEPEST or len(found.visits) >= MOST:
        return
    if isinstance(value, str):
        _gather_text(value.strip().encode("utf-8", "replace"), found, hints, depth + 1)
    elif isinstance(value, dict) and value:
        _gather_mapping(value, found, hints, depth)
    elif isinstance(value, list):
        named = named_fields(value)
        for member in value if named is None else (named,):
            _gather(member, found, hints, depth + 1)


def _gather_mapping(value: dict[str, Any], found: _Gathered, hints: Hints, depth: int) -> None:
    pod: str | None = None
    event = from_mapping(value)
    if event.involved_object is not None:
        return
    resource_specific = is_resource_specific(value)
    if resource_specific:
        event, pod = from_columns(value)
    if is_event(event):
        row = row_of(event, found.remarks, hints if pod is None else hints._replace(server=pod))
        if isinstance(row, str):
            found.reasons.append(row)
        else:
            found.rows.append(row)
    elif is_entry(value):
        entry = read_entry(value, found.remarks, hints)
        found.rows.extend([entry] if entry is not None else [])
    else:
        _open(value, found, _timed(value, found.remarks, hints), depth)


def _open(value: dict[str, Any], found: _Gathered, hints: Hints, depth: int) -> None:
    """Opens a batch, or else the first envelope that holds something."""
    for opener in _OPENERS:
        before = len(found.rows) + len(found.reasons)
        for inner, known in opener(value, hints):
            _gather(inner, found, known, depth + 1)
            if opener is open_line and len(found.rows) + len(found.reasons) > before:
                return
        if len(found.rows) + len(found.reasons) > before:
            return


def _timed(value: dict[str, Any], remarks: Remarks, hints: Hints) -> Hints:
    for key in _TIMES:
        written = value.get(key)
        if isinstance(written, str) and written:
            moment = instant(written, remarks)
        elif isinstance(written, int | float) and not isinstance(written, bool):
            moment = unix(written) if abs(written) < 1e19 else None  # noqa: PLR2004  nanoseconds of the year 2286
        else:
            continue
        return hints if moment is None else hints._replace(time=moment)
    return hints
