"""Lines of one stream, and the account of what became of each."""

from collections.abc import Iterator

from snowpit.ingest.stream import Reader
from snowpit.model.evidence import FileCoverage, Reject

LONGEST = 1 << 20
"""Bytes of a line beyond which it is cut into pieces, each counted as a line that cannot be read."""

_SAMPLES = 20


def lines(reader: Reader) -> Iterator[bytes]:
    """Lines with their ends; one that is too long comes in pieces without an end."""
    rest = b""
    for chunk in reader.rest():
        found = (rest + chunk).split(b"\n")
        rest = found.pop()
        for line in found:
            yield line + b"\n"
        if len(rest) > LONGEST:
            yield rest
            rest = b""
    if rest:
        yield rest


class Tally:
    """Counts lines and bytes into a coverage; every line is told exactly once."""

    def __init__(self, coverage: FileCoverage) -> None:
        self._coverage = coverage

    @property
    def line(self) -> int:
        """Number of the line that is next."""
        return self._coverage.lines + 1

    def _seen(self, size: int) -> None:
        self._coverage.lines += 1
        self._coverage.bytes += size

    def event(self, size: int) -> None:
        """A line that gave a row."""
        self._seen(size)
        self._coverage.event_lines += 1
        self._coverage.event_bytes += size

    def empty(self, size: int) -> None:
        """A line without content."""
        self._seen(size)
        self._coverage.empty_lines += 1
        self._coverage.empty_bytes += size

    def other(self, size: int) -> None:
        """A line that is understood and gives no row."""
        self._seen(size)
        self._coverage.other_lines += 1
        self._coverage.other_bytes += size

    def reject(self, size: int, reason: str) -> None:
        """A line that cannot be read."""
        coverage = self._coverage
        offset = coverage.bytes
        self._seen(size)
        coverage.rejected_bytes += size
        coverage.rejected[reason] = coverage.rejected.get(reason, 0) + 1
        if len(coverage.rejected_at) < _SAMPLES:
            coverage.rejected_at.append(
                Reject(line=coverage.lines, offset=offset, length=size, reason=reason)
            )
