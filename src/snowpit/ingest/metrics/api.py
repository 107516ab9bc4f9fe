"""Answers of Prometheus' HTTP API (``query``, ``query_range``), saved to disk, alone or several in one file.

Whatever stands around them is skipped: only objects that have ``metric`` and ``value`` or ``values`` are read, one at
a time, so that memory does not grow with the file.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from snowpit.ingest.metrics.dump import Dump
from snowpit.ingest.metrics.sample import Sample, clean, finite, label, micros
from snowpit.ingest.sink import Sink
from snowpit.ingest.stream import Reader
from snowpit.model.evidence import FileCoverage, Reject

KIND = "metrics (Prometheus HTTP API)"
LARGEST = 64 << 20
"""Bytes of one series that are held; a longer one cannot be read."""

_OPENING = re.compile(rb'\{\s*"(?:metric|values?)"\s*:')
_ANSWER = re.compile(
    rb'"resultType"\s*:\s*"(?:matrix|vector)"|\{\s*"metric"\s*:\s*\{[^{}]*\}\s*,\s*"values?"\s*:\s*\['
)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}]', re.DOTALL)
_TAIL = 256
"""Bytes kept at the end of what was searched, since an opening may be cut in two there."""

_SAMPLES = 20
_NAMELESS = "series without a name (results of expressions) are left out"


class Stretch(NamedTuple):
    """Some consecutive bytes and what they are: ``series``, ``other`` or a reason why they cannot be read."""

    data: bytes
    kind: str


def recognise(head: bytes) -> str | None:
    """The name of the kind if a stream starts like an answer of the API; null if not."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] not in {b"{", b"["} or b"auditID" in text or b"audit.k8s.io" in text:
        return None
    return KIND if _ANSWER.search(text) else None


def read(reader: Reader, sink: Sink, coverage: FileCoverage) -> None:
    """Read all series of a stream into the sample table."""
    dump, ledger = Dump(sink, coverage), _Ledger(coverage)
    for data, kind in _stretches(reader):
        found = _take(data, dump, coverage, line=coverage.lines + 1) if kind == "series" else kind
        ledger.take(data, found)
    ledger.finish()
    dump.finish()


def _take(data: bytes, dump: Dump, coverage: FileCoverage, *, line: int) -> str:
    """Read one series; what it turned out to be."""
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "broken series"
    samples = list(samples_of(found))
    if samples:
        for sample in samples:
            dump.add(sample, line)
        return "series"
    if _NAMELESS not in coverage.notes and isinstance(found, dict) and "metric" in found:
        coverage.notes.append(_NAMELESS)
    return "other"


def samples_of(series: Any) -> Iterator[Sample]:  # noqa: ANN401 - whatever JSON holds
    """The samples of one series of an answer; none if it is no series, or has no name."""
    metric = series.get("metric") if isinstance(series, dict) else None
    name = metric.get("__name__") if isinstance(metric, dict) else None
    if not isinstance(name, str) or not isinstance(metric, dict):
        return
    labels: Mapping[str, str] = {
        clean(key): label(key, value)
        for key, value in metric.items()
        if key != "__name__" and isinstance(value, str)
    }
    points = series.get("values") or [series.get("value")]
    for point in points if isinstance(points, list) else ():
        if isinstance(point, list) and len(point) == 2 and isinstance(point[0], int | float):  # noqa: PLR2004 - a pair
            yield Sample(clean(name), labels, finite(str(point[1])), micros(point[0]))


def _stretches(reader: Reader) -> Iterator[Stretch]:
    """The stream as series and what lies between them."""
    held, enough = b"", 0
    for chunk in reader.rest():
        held += chunk
        if len(held) < enough:
            continue  # the series that starts here was looked at not long ago
        stretches, held = _cut(held)
        yield from stretches
        enough = 2 * len(held) if _OPENING.match(held) else 0
        if len(held) > LARGEST:
            yield Stretch(held, "series too long")
            held, enough = b"", 0
    stretches, held = _cut(held)
    yield from stretches
    yield from _rest(held)


def _cut(held: bytes) -> tuple[list[Stretch], bytes]:
    """The whole series in some bytes, what lies between them, and the rest: a series that goes on, or a short tail."""
    found: list[Stretch] = []
    start = 0
    while opening := _OPENING.search(held, start):
        end = _end(held, opening.start())
        found.extend(_between(held[start : opening.start()]))
        if end is None:
            return found, held[opening.start() :]
        found.append(Stretch(held[opening.start() : end], "series"))
        start = end
    keep = max(len(held) - _TAIL, start)
    found.extend(_between(held[start:keep]))
    return found, held[keep:]


def _rest(held: bytes) -> Iterator[Stretch]:
    """What is left at the end: a series that is cut off, or nothing of interest."""
    opening = _OPENING.search(held)
    if opening is None:
        yield from _between(held)
        return
    yield from _between(held[: opening.start()])
    yield Stretch(held[opening.start() :], "cut off")


def _between(data: bytes) -> Iterator[Stretch]:
    if data:
        yield Stretch(data, "other")


def _end(data: bytes, start: int) -> int | None:
    """Where the object that starts there ends; null if not within these bytes."""
    depth = 0
    for token in _TOKEN.finditer(data, start):
        if token[0] == b"{":
            depth += 1
        elif token[0] == b"}":
            depth -= 1
            if depth == 0:
                return token.end()
    return None


class _Ledger:
    """Bytes by kind, and each line under what is worth most in it: a reject, then a series, then other."""

    def __init__(self, coverage: FileCoverage) -> None:
        self._coverage = coverage
        self._open: list[str] = []

    def take(self, data: bytes, kind: str) -> None:
        """Account for a stretch."""
        coverage, size, ends = self._coverage, len(data), data.count(b"\n")
        line, offset = coverage.lines + 1, coverage.bytes
        coverage.bytes += size
        if kind == "series":
            coverage.event_bytes += size
        elif kind == "other":
            coverage.other_bytes += size
        else:
            coverage.rejected_bytes += size
            if len(coverage.rejected_at) < _SAMPLES:
                coverage.rejected_at.append(Reject(line=line, offset=offset, length=size, reason=kind))
        if ends:
            self._lines(1, [*self._open, kind])
            self._lines(ends - 1, [kind])
            self._open = []
        if not data.endswith(b"\n") and kind not in self._open:
            self._open.append(kind)

    def finish(self) -> None:
        """The stream is used up; its last line may have no end."""
        if self._open:
            self._lines(1, self._open)

    def _lines(self, count: int, kinds: list[str]) -> None:
        coverage = self._coverage
        coverage.lines += count
        kind = next((kind for kind in kinds if kind not in {"series", "other"}), "")
        if kind:
            coverage.rejected[kind] = coverage.rejected.get(kind, 0) + count
        elif "series" in kinds:
            coverage.event_lines += count
        else:
            coverage.other_lines += count
