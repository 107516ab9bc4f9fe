"""Joins the lines of messages and puts what they tell into the tables."""

import re
from collections import Counter
from dataclasses import dataclass, field

from snowpit.ingest.logs.access import ABSENT, INFERRED, access_row
from snowpit.ingest.logs.calendar import Calendar
from snowpit.ingest.logs.components import named
from snowpit.ingest.logs.headers import Header, header_of
from snowpit.ingest.logs.meaning import LONGEST, flag, meaning
from snowpit.ingest.logs.shapes import Shape, parts, unwrapped
from snowpit.ingest.logs.wraps import Unwrapped
from snowpit.ingest.redact import redact
from snowpit.ingest.sink import Sink
from snowpit.ingest.tolerant.kinds import Remarks
from snowpit.ingest.tolerant.reader import read_line
from snowpit.model.evidence import FileCoverage

_SERVER = "kube-apiserver"
_LOOPBACK = re.compile(r"kube-apiserver[^/]{0,40}/v(\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,40})")
_VERSIONS = 20
_AGENTS = 10_000
_USUAL = re.compile(
    rb'I(\d{4}) (\d\d:\d\d:\d\d\.\d{6}) +\d+ [^\]\n]+\] (?="HTTP" verb=|[A-Z]{3,7} /)', re.ASCII
)
_TOP = 3


@dataclass(slots=True)
class _Message:
    """A message that may go on."""

    header: Header
    found: Unwrapped
    line: int
    lines: int
    size: int
    more: list[str] = field(default_factory=list)
    length: int = 0


@dataclass(slots=True)
class _Held:
    """Parts of a line that the runtime has cut."""

    line: int
    lines: int
    size: int
    pieces: list[bytes]
    length: int


class Assembler:
    """Takes lines in order and gives rows to a sink.

    Args:
        sink: Where rows go.
        coverage: Counts what became rows.
        calendar: Knows the year and zone.
        shape: How messages stand in the log.
        component: Who wrote the log, where its lines do not tell.
    """

    def __init__(
        self, sink: Sink, coverage: FileCoverage, calendar: Calendar, *, shape: Shape, component: str | None
    ) -> None:
        self.places: Counter[str] = Counter()
        self.severities: Counter[str] = Counter()
        self.counting = True
        self._sink = sink
        self._coverage = coverage
        self._calendar = calendar
        self._shape = shape
        self._component = component
        self._message: _Message | None = None
        self._held: _Held | None = None
        self._remarks = Remarks(year=sink.year)
        self._first: int | None = None
        self._last: int | None = None
        self._undated = 0
        self._inferred = False
        self._versions: set[str] = set()
        self._agents: set[str] = set()

    def line(self, raw: bytes, number: int, *, ended: bool = True) -> None:
        """Take one line, without its line end; ``ended`` tells whether it has one."""
        if (b"auditID" in raw or b" AUDIT: " in raw) and self._audit(raw, number, ended=ended):
            return
        text = raw.removesuffix(b"\r")
        found = unwrapped(text, self._shape)
        if found is None:
            self.settle()
            return
        size, lines, line = len(raw) + ended, 1, number
        if found.partial:
            self._hold(found, number, size)
            return
        if self._held is not None:
            held, self._held = self._held, None
            found = found._replace(payload=b"".join([*held.pieces, found.payload]))
            size, lines, line = size + held.size, lines + held.lines, held.line
        self._take(found, line, lines=lines, size=size)

    def access(self, raw: bytes, number: int, *, ended: bool) -> bool:
        """Take one line that is a whole access line, the short way; false if it is none."""
        found = unwrapped(raw, self._shape)
        if found is None or found.partial:
            return False
        usual = _USUAL.match(found.payload)
        at = self._calendar.instant(usual[1], usual[2], found.beside) if usual else None
        row = (
            access_row(found.payload[usual.end() :].decode("utf-8", "replace"), at) if usual and at else None
        )
        if row is None or at is None:
            return False
        self.settle()
        self._seen(at)
        self._request(row, found.host, number, lines=1, size=len(raw) + ended)
        return True

    def whole(self, raw: bytes, number: int, *, ended: bool) -> bool:
        """Take a message with all its lines at once; false where it has to be read line by line.

        Only its first line counts as one that became a row, as when lines come one by one.
        """
        if self._shape.wrap.name or b"\n{" in raw or b"\r" in raw:
            return False
        first, more, rest = raw.partition(b"\n")
        header = header_of(first, self._calendar)
        if header is None:
            return False
        self.settle()
        size = len(first) + (1 if more else ended)
        message = _Message(header, Unwrapped(first), number, 1, size)
        if rest:
            message.more.append(rest[:LONGEST].decode("utf-8", "replace"))
        self._interpret(message)
        return True

    def witness(self, raw: bytes) -> None:
        """Note when a line was written, and nothing else."""
        found = unwrapped(raw.removesuffix(b"\r"), self._shape)
        header = header_of(found.payload, self._calendar, found.beside) if found is not None else None
        if header is not None and header.at is not None:
            self._seen(header.at)

    def _seen(self, at: int) -> None:
        self._first = at if self._first is None else min(self._first, at)
        self._last = at if self._last is None else max(self._last, at)

    def message(self, found: Unwrapped | None, *, line: int, raw: bytes) -> None:
        """Take a message that stands for itself, with all its lines."""
        self.settle()
        if found is not None:
            ended = raw.endswith(b"\n")
            self._take(found, line, lines=raw.count(b"\n") + (not ended), size=len(raw))

    def settle(self) -> None:
        """The message, if there is one, is complete."""
        message, self._message = self._message, None
        if message is not None:
            self._interpret(message)

    def finish(self) -> None:
        """The log is at its end: tell the coverage what was seen."""
        self.settle()
        coverage = self._coverage
        coverage.first, coverage.last = self._first, self._last
        coverage.versions = tuple(sorted(self._versions))[:_VERSIONS]
        if coverage.events:
            coverage.absent = ABSENT

    def notes(self) -> list[str]:
        """Remarks about reading the log."""
        assumed = "; ".join(self._calendar.notes())
        grave = [f"{letter}: {self.severities[letter]}" for letter in "WEF" if self.severities[letter]]
        total = sum(self.places.values())
        top = sorted(self.places.items(), key=lambda item: (-item[1], item[0]))[:_TOP]
        told = f"lines of severity {', '.join(grave)}; " if grave else ""
        if top:
            told += "most lines by " + ", ".join(f"{name} ({many / total:.0%})" for name, many in top)
        undated = f"{self._undated} lines with a date that does not exist" if self._undated else ""
        inferred = INFERRED if self._inferred else ""
        return [note for note in (assumed, told, undated, inferred, *self._remarks.notes) if note]

    def _audit(self, raw: bytes, number: int, *, ended: bool) -> bool:
        """Take a line that is an audit event; false if it is none."""
        verdict, rows = read_line(raw, self._remarks)
        if verdict != "event":
            return False
        self.settle()
        self._coverage.events += self._sink.parts.add(rows, number)
        self._coverage.event_lines += 1
        self._coverage.event_bytes += len(raw) + ended
        return True

    def _hold(self, found: Unwrapped, number: int, size: int) -> None:
        if self._held is None:
            self._held = _Held(number, 0, 0, [], 0)
        held = self._held
        held.lines += 1
        held.size += size
        if held.length < LONGEST:
            held.pieces.append(found.payload)
            held.length += len(found.payload)

    def _take(self, found: Unwrapped, line: int, *, lines: int, size: int) -> None:
        for part in parts(found):
            header = header_of(part.payload, self._calendar, part.beside)
            if header is not None:
                self.settle()
                self._message = _Message(header, part, line, lines, size)
                lines, size = 0, 0
            elif self._message is not None and self._message.length < LONGEST:
                text = part.payload[:LONGEST].decode("utf-8", "replace")
                self._message.more.append(text)
                self._message.length += len(text)

    def _interpret(self, message: _Message) -> None:
        header = message.header
        if self.counting:
            self.places[header.place] += 1
            self.severities[header.severity] += 1
        if header.at is None:
            self._undated += 1
            return
        self._seen(header.at)
        text = "\n".join([header.message, *message.more])
        row = access_row(text, header.at)
        if row is not None:
            self._request(row, message.found.host, message.line, lines=message.lines, size=message.size)
            return
        known = flag(header.message)
        if known is not None:
            self._setting(known, message)
        elif (told := meaning(text)) is not None:
            self._line_row(told, message)

    def _request(
        self, row: dict[str, object], server: str | None, line: int, *, lines: int, size: int
    ) -> None:
        """Take a row of the request table."""
        if server:
            row["server"] = redact(server)
        agent = row.get("user_agent")
        self._inferred = self._inferred or row.get("user") is not None
        if isinstance(agent, str) and agent not in self._agents and len(self._agents) < _AGENTS:
            self._agents.add(agent)
            if own := _LOOPBACK.match(agent):
                self._versions.add(own[1])
        self._coverage.events += self._sink.parts.add([row], line)
        self._coverage.event_lines += lines
        self._coverage.event_bytes += size

    def _who(self, message: _Message) -> tuple[str | None, str | None]:
        """Component and server of a message."""
        found = message.found
        host = redact(found.host) if found.host else None
        return named(found.tag, found.host) or self._component, host

    def _setting(self, known: tuple[str, str], message: _Message) -> None:
        component, host = self._who(message)
        name, value = known
        self._sink.add(
            "settings",
            {
                "component": component,
                "server": host,
                "document": "flags",
                "object": "",
                "key": name,
                "value": value,
                "line": message.line,
            },
        )

    def _line_row(self, told: dict[str, object], message: _Message) -> None:
        component, host = self._who(message)
        if told["kind"] == "started" and component == _SERVER and len(self._versions) < _VERSIONS:
            self._versions.add(str(told["subject"]))
        header = message.header
        place = {
            "at": header.at,
            "component": component,
            "server": host,
            "severity": header.severity,
            "place": redact(header.place),
            "line": message.line,
        }
        self._sink.add("log_lines", told | place)
