"""One log, read in two tiers: typed columns where every field can be vouched for, line by line where not.

Theory of operation. A stream is cut into blocks of whole lines. The database
reads a block in one go and gives one row for each line that is not blank, in
order, so rows and lines can be counted against each other. Rows that are not
vouched for (``events.VOUCHED``) point at their lines, which the tolerant tier
reads one by one. If the counts differ or the database gives up, the tolerant
tier reads the whole block; if most of the first block is not vouched for, it
reads the rest of the stream. Every byte is accounted for by one of the two.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import Enum, auto

from snowpit.ingest import blocks
from snowpit.ingest.blocks import Block, Layout, survey
from snowpit.ingest.parts import Parts
from snowpit.ingest.sources import Source
from snowpit.ingest.tolerant import Chunk, Kind, Scanner, sniff
from snowpit.model.evidence import FileCoverage, Reject

HEAD = 64 << 10
"""Bytes by which the kind of a log is told."""

SAMPLES = 20
"""Places of rejected lines that are kept, per log."""

_LINES = "lines"


class _Fast(Enum):
    """What became of a block in the fast tier."""

    READ = auto()
    BROKEN = auto()
    STRANGE = auto()


def read_log(source: Source, parts: Parts, *, year: int | None, tick: Callable[[int], None]) -> FileCoverage:
    """Read one stream into parts.

    Args:
        source: The stream; it is used up.
        parts: Where its events go.
        year: Year for times that have none.
        tick: Called after each block with the number of events in it.

    Returns:
        What was read of it; what only the whole of the evidence can tell
        (duplicates, merged stages) is left at zero.
    """
    coverage = FileCoverage(path=source.label, container=source.container, stored_bytes=source.stored_bytes)
    kind = sniff(source.reader.peek(HEAD))
    coverage.kind = kind.name
    log = _Log(coverage, parts, kind, year=year)
    for block in blocks.cut(source.reader):
        before = coverage.events
        log.read(block)
        tick(coverage.events - before)
    log.finish()
    coverage.truncated = source.truncated
    coverage.notes.extend(note for fate in source.fates for note in fate.notes)
    return coverage


SMALL = 256 << 10
"""Bytes of a block below which planning the typed read takes longer than the tolerant tier takes to read it."""


class _Log:
    """A log that is being read: which tier reads it, and what was accounted for."""

    def __init__(self, coverage: FileCoverage, parts: Parts, kind: Kind, *, year: int | None) -> None:
        self._coverage = coverage
        self._parts = parts
        self._kind = kind
        self._year = year
        self._scanner = None if kind.shape == _LINES else Scanner(kind, year=year)
        self._base = (1, 0)

    def read(self, block: Block) -> None:
        """Read the next block."""
        self._coverage.bytes += block.size
        self._coverage.lines += block.lines
        if self._scanner is None:
            worth = block.whole and block.size >= SMALL
            outcome = self._read_fast(block) if worth else _Fast.STRANGE
            if outcome is _Fast.READ:
                return
            self._scanner = Scanner(self._kind, year=self._year)
            self._base = (block.first_line, block.offset)
            self._feed(block, self._scanner)
            if outcome is _Fast.BROKEN:
                self.finish()
        else:
            self._feed(block, self._scanner)

    def finish(self) -> None:
        """Account for what the tolerant tier still holds."""
        if self._scanner is not None:
            self._take(self._scanner.finish())
            _describe(self._coverage, self._scanner)
            self._scanner = None
        self._parts.flush()

    def _feed(self, block: Block, scanner: Scanner) -> None:
        for data in block.slices():
            self._take(scanner.feed(data))

    def _take(self, chunks: Iterable[Chunk]) -> None:
        """Account for what the tolerant tier says."""
        line, offset = self._base
        for chunk in chunks:
            place = Reject(line + chunk.line - 1, offset + chunk.offset, chunk.length, "")
            self._account(chunk.verdict, chunk.rows, place, lines=chunk.lines)

    def _account(
        self, verdict: str, rows: Iterable[Mapping[str, object]], place: Reject, *, lines: int
    ) -> None:
        coverage = self._coverage
        coverage.events += self._parts.add(rows, place.line)
        if verdict == "event":
            coverage.event_lines += lines
            coverage.event_bytes += place.length
        elif verdict == "empty":
            coverage.empty_lines += lines
            coverage.empty_bytes += place.length
        elif verdict == "other":
            coverage.other_lines += lines
            coverage.other_bytes += place.length
        else:
            reason = verdict.removeprefix("reject:")
            coverage.rejected[reason] = coverage.rejected.get(reason, 0) + lines
            coverage.rejected_bytes += place.length
            if len(coverage.rejected_at) < SAMPLES:
                coverage.rejected_at.append(replace(place, reason=reason))

    def _read_fast(self, block: Block) -> "_Fast":
        """Read a block by typed columns."""
        written = self._parts.write(block)
        if written is None:
            return _Fast.BROKEN
        rows, doubtful = written
        if block.offset == 0 and len(doubtful) * 2 > rows:
            self._parts.drop()
            return _Fast.STRANGE
        layout = Layout(rows=rows) if rows == block.lines and not doubtful else survey(block, doubtful)
        if layout.rows != rows:
            self._parts.drop()
            return _Fast.BROKEN
        self._settle(block, layout)
        return _Fast.READ

    def _settle(self, block: Block, layout: Layout) -> None:
        """Account for a block that adds up."""
        coverage = self._coverage
        if any(layout.shifts):
            self._parts.shift(layout.starts, layout.shifts)
        coverage.empty_lines += layout.empty_lines
        coverage.empty_bytes += layout.empty_bytes
        good = layout.rows - len(layout.places)
        coverage.events += good
        coverage.event_lines += good
        coverage.event_bytes += block.size - layout.empty_bytes - sum(place.length for place in layout.places)
        for place in layout.places:
            self._base = (block.first_line + place.line, block.offset + place.offset)
            scanner = Scanner(self._kind, year=self._year)
            self._take(scanner.feed(block.content.read(place.offset, place.length)))
            self._take(scanner.finish())
            _describe(coverage, scanner)


def _describe(coverage: FileCoverage, scanner: Scanner) -> None:
    """Take over what the tolerant tier knows of the log as a whole."""
    coverage.absent = tuple(dict.fromkeys((*coverage.absent, *scanner.absent)))
    coverage.notes.extend(note for note in scanner.notes if note not in coverage.notes)
