"""Reads a component log: screens blocks for messages that may mean something, and takes those apart.

Theory of operation. Nearly all lines mean nothing here, and Python takes apart a few hundred thousand lines a
second at best. So a block of plain or wrapped text is searched as a whole: one regular expression counts who wrote
lines, a second one finds those of severity W, E and F, access lines, and messages that begin as the catalogue
says. Only these stretches, each up to the next header, go to the assembler, which unwraps and joins lines and asks
what they tell. Logs in JSON or CSV go to it whole.
"""

import re
from collections import Counter
from collections.abc import Iterator

import re2

from snowpit.ingest.logs.assembler import Assembler
from snowpit.ingest.logs.blocks import BLOCK_BYTES, Block, blocks, count_blank, without_binary
from snowpit.ingest.logs.calendar import Calendar
from snowpit.ingest.logs.components import guessed, named
from snowpit.ingest.logs.headers import CAPNS, KLOG
from snowpit.ingest.logs.shapes import HEAD, Shape, shape_of
from snowpit.ingest.logs.tables import records
from snowpit.ingest.sink import Sink
from snowpit.ingest.stream import Reader
from snowpit.knowledge.log_lines import line_rules
from snowpit.model.evidence import FileCoverage

PLACES = 20_000
"""Source places that are counted apart."""

_SAMPLED = 16
_FIRST = 4 * BLOCK_BYTES
_NEAR = 8192
_DIGITS = b"0123456789"
_AUDIT = (b'auditID"', b'auditID\\"')


def recognise(head: bytes) -> str | None:
    """The name of the kind of component log that a stream is; null if it is none."""
    shape = shape_of(head)
    return shape.name if shape else None


def read(reader: Reader, sink: Sink, coverage: FileCoverage) -> None:
    """Read a component log into request rows, log-line rows and settings.

    Args:
        reader: The stream; it is used up.
        sink: Where rows go.
        coverage: Takes what was read.
    """
    head = reader.peek(HEAD)
    shape = shape_of(head)
    if shape is None:
        return
    calendar = Calendar(sink.written)
    calendar.learn(head)
    component = named(coverage.path.rpartition("/")[2]) or guessed(head) or named(coverage.path)
    if component:
        coverage.kind = f"component log of {component}" + coverage.kind.removeprefix("component log")
    assembler = Assembler(sink, coverage, calendar, shape=shape, component=component)
    places: Counter[bytes] = Counter()
    if shape.form == "csv":
        _read_table(reader, coverage, assembler)
    else:
        screen = Screen(shape) if (shape.form, shape.inner) == ("text", "text") else None
        for block in blocks(reader, coverage, screen.starts if screen else None):
            count_blank(block, coverage)
            _read_block(without_binary(block, coverage), assembler, screen, places=places)
            assembler.settle()
    assembler.finish()
    _conclude(coverage, assembler, places)


def _read_table(reader: Reader, coverage: FileCoverage, assembler: Assembler) -> None:
    """Read CSV; every record is one message."""
    for record in records(blocks(reader, coverage, None)):
        assembler.message(record.found, line=record.line, raw=record.raw)
        assembler.settle()


def _read_block(
    block: Block, assembler: Assembler, screen: "Screen | None", *, places: Counter[bytes]
) -> None:
    """Read one block, by the screen if it may be used."""
    if screen is None or _may_hold_audit(block.data) or screen.joins(block.data):
        assembler.counting = True
        _feed(block.data, block.line, assembler)
        return
    assembler.counting = False
    body = b"\n" + block.data
    if block.offset < _FIRST or block.offset // BLOCK_BYTES % _SAMPLED == 0:
        places.update(screen.places.findall(body))
        if len(places) > PLACES:
            places.clear()
    if (first := screen.starts.search(body)) is not None:
        assembler.witness(_line_at(body, first.start()))
    line, before = block.line, 0
    for start, end in screen.stretches(body, assembler.severities):
        line += body.count(b"\n", before, start)
        before = start
        stretch, ended = body[start + 1 : end], end < len(body)
        if b"\n" not in stretch and assembler.access(stretch, line, ended=ended):
            continue
        if ended and assembler.whole(stretch, line, ended=ended):
            continue
        _feed(body[start + 1 : end + 1], line, assembler)
        assembler.settle()
    if (last := screen.last(body)) is not None:
        assembler.witness(_line_at(body, last))


def _may_hold_audit(data: bytes) -> bool:
    """Whether audit events may stand among the lines."""
    return (b"auditID" in data and any(sign in data for sign in _AUDIT)) or b" AUDIT: id=" in data


def _line_at(body: bytes, start: int) -> bytes:
    """The line after the line end at a place."""
    end = body.find(b"\n", start + 1)
    return body[start + 1 : end if end >= 0 else len(body)]


def _feed(data: bytes, line: int, assembler: Assembler) -> None:
    """Give lines to the assembler."""
    lines = data.split(b"\n")
    last = lines.pop()
    for number, raw in enumerate(lines, start=line):
        assembler.line(raw, number)
    if last:
        assembler.line(last, line + len(lines), ended=False)


def _bytewise() -> re2.Options:
    """RE2 on bytes as they come."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return options


class Screen:
    """Regular expressions over blocks of one shape.

    Args:
        shape: Text with a wrapping.
    """

    def __init__(self, shape: Shape) -> None:
        wrap = rb"\n(?:" + shape.wrap.plain + rb")"
        beginnings = b"|".join({rule.begins.encode(): None for rule in line_rules() if rule.begins})
        self._needs = tuple({rule.needs.encode(): None for rule in line_rules()})
        self.starts = re.compile(wrap + rb"(?:" + KLOG + rb"|" + CAPNS + rb")")
        self.places = re.compile(wrap + rb"[IWEF].{20} +\d+ ([^\]\n]+)\]")
        self._grave = re.compile(wrap + rb"([WEF])\d{4} \d\d:([^\n]*)")
        self._wanted = re2.compile(
            wrap
            + rb"(?:I.{20}[^\]\n]+\] (?:"
            + beginnings
            + rb'|[A-Z]{3,7} /|verb="|"HTTP" )|'
            + CAPNS
            + rb")",
            _bytewise(),
        )
        self._partial = rb" P " if shape.wrap.name == "container runtime" else b""

    def last(self, body: bytes) -> int | None:
        """Where the last message begins, as far as it is not long."""
        found = list(self.starts.finditer(body, max(0, len(body) - _NEAR)))
        return found[-1].start() if found else None

    def joins(self, data: bytes) -> bool:
        """Whether a block may hold messages that the runtime has cut into parts."""
        return bool(self._partial) and self._partial in data

    def grave(self, body: bytes, severities: Counter[str]) -> Iterator[int]:
        """Where lines of severity W, E or F stand that hold a piece of the catalogue; all are counted."""
        found = self._grave.findall(body)
        severities.update(letter.decode() for letter, _ in found)
        # Messages repeat but for numbers: without digits few are left to be searched for every piece.
        text = b"\n".join({line.translate(None, _DIGITS) for _, line in found})
        for needs in self._needs:
            if needs.translate(None, _DIGITS) in text:
                yield from self._holding(body, needs)

    def _holding(self, body: bytes, needs: bytes) -> Iterator[int]:
        """Where lines of severity W, E or F begin that hold some bytes."""
        at = body.find(needs)
        while at >= 0:
            start = body.rfind(b"\n", 0, at)
            if self._grave.match(body, start):
                yield start
            end = body.find(b"\n", at)
            at = body.find(needs, end) if end >= 0 else -1

    def stretches(self, body: bytes, severities: Counter[str]) -> Iterator[tuple[int, int]]:
        """Where messages stand that may mean something: from the line end before to the line end after.

        Args:
            body: A block with a line end before it.
            severities: Takes the number of lines of severity W, E and F.
        """
        found = {match.start() for match in self._wanted.finditer(body)}
        found.update(self.grave(body, severities))
        behind = 0
        for start in sorted(found):
            if start < behind:
                continue
            end = body.find(b"\n", start + 1)
            if end < 0:
                end = len(body)
            elif self.starts.match(body, end) is None:
                following = self.starts.search(body, end)
                end = following.start() if following else len(body)
            behind = end
            yield start, end


def _conclude(coverage: FileCoverage, assembler: Assembler, places: Counter[bytes]) -> None:
    """Complete the coverage."""
    rejected = sum(coverage.rejected.values())
    coverage.other_lines = coverage.lines - coverage.event_lines - coverage.empty_lines - rejected
    coverage.other_bytes = (
        coverage.bytes - coverage.event_bytes - coverage.empty_bytes - coverage.rejected_bytes
    )
    for place, count in places.items():
        assembler.places[place.rpartition(b"/")[2].decode("utf-8", "replace")] += count
    coverage.notes.extend(assembler.notes())
