"""Dumps in the Prometheus text format and in OpenMetrics: what ``kubectl get --raw /metrics`` prints.

Several dumps may stand in one file, one after the other, with remarks between them.
"""

import re
from collections.abc import Mapping

from snowpit.ingest.metrics import stamps
from snowpit.ingest.metrics.dump import Dump
from snowpit.ingest.metrics.naming import MOST_NAMES
from snowpit.ingest.metrics.sample import Sample, family_type, parse
from snowpit.ingest.metrics.tally import LONGEST, Tally, lines
from snowpit.ingest.sink import Sink
from snowpit.ingest.stream import Reader
from snowpit.model.evidence import FileCoverage

KIND = "metrics (Prometheus text)"
_HEAD_LINES = 400
_LEADING_NOISE = 60
_BOM = b"\xef\xbb\xbf"
_NOISE = re.compile(
    r"\s*(?:[$>%+=~*-]|[IWEF]\d{4} |command terminated|Error from server|Warning:|Defaulted container|HTTP/\d"
    r"|Content-|Date:|Audit-Id:|Cache-Control:|X-|Handling connection|Forwarding from|Unable to |error:|curl:"
    r"|\d{4}[-/]\d\d[-/]\d\d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b|1\d{9}\s*$|Trying |Connected to|<|\")"
)
"""What kubectl, curl and shells print around a dump."""

_DATE_WORDS = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w* (?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) (?P<time>\d\d:\d\d:\d\d) "
    r"(?:[AP]M )?(?P<zone>UTC|GMT)? ?(?P<year>20\d\d)"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def recognise(head: bytes) -> str | None:
    """The name of the kind if a stream starts like a dump, after some noise; null if not."""
    text = head.removeprefix(_BOM)
    if text.lstrip()[:1] in {b"{", b"["} or b"\0" in text:
        return None
    found = [line.decode("utf-8", "replace") for line in text.split(b"\n")[:_HEAD_LINES]]
    filled = [
        line for line in found[: -1 if len(found) > 1 and len(head) == len(text) else None] if line.strip()
    ]
    typed = samples = labelled = strange = 0
    for line in filled or found:
        if line.startswith("#"):
            typed += family_type(line) is not None
        elif sample := parse(line):
            samples += 1
            labelled += bool(sample.labels)
        else:
            strange += not _NOISE.match(line)
    if strange > _LEADING_NOISE or strange > samples + typed:
        return None
    return KIND if (typed and samples) or labelled >= 1 < samples else None


def read(reader: Reader, sink: Sink, coverage: FileCoverage) -> None:
    """Read all dumps of a stream into the sample table."""
    state = _State(sink, coverage)
    for raw in lines(reader):
        state.line(raw)
    state.finish()


class _State:
    """The dump being read and the account of lines.

    A dump ends where the first series of a family comes again. Families stand in order of their names, so the next
    dump began where that order was broken last.
    """

    def __init__(self, sink: Sink, coverage: FileCoverage) -> None:
        self._sink = sink
        self._coverage = coverage
        self._tally = Tally(coverage)
        self._dump = Dump(sink, coverage)
        self._dumps = 0
        self._begin()

    def _begin(self) -> None:
        self._firsts: dict[str, Mapping[str, str]] = {}
        self._previous = ""
        self._turn = 0

    def line(self, raw: bytes) -> None:
        """Take one line."""
        size = len(raw)
        text = raw.decode("utf-8", "replace").lstrip("\ufeff")
        if size > LONGEST:
            self._tally.reject(size, "line too long")
        elif text[:1] == "#":
            if found := family_type(text):
                self._dump.names.typed(*found)
            self._tally.other(size)
        elif sample := parse(text):
            self._sample(sample)
            self._tally.event(size)
        elif not text.strip():
            self._tally.empty(size)
        elif _NOISE.match(text) or (self._dump.empty and "{" not in text):
            self._remark(text)
            self._tally.other(size)
        else:
            self._tally.reject(size, "no sample")

    def finish(self) -> None:
        """The stream is used up."""
        self._dump.finish()
        self._dumps += not self._dump.empty
        if self._dumps > 1:
            self._coverage.notes.append(f"{self._dumps} dumps in one file")

    def _sample(self, sample: Sample) -> None:
        name = sample.name
        if name != self._previous:
            if name < self._previous and not name.startswith(self._previous.rpartition("_")[0]):
                self._turn = self._dump.held
            self._previous = name
            if len(self._firsts) >= MOST_NAMES:
                self._firsts.clear()
            if sample.at is None and self._firsts.setdefault(name, sample.labels) is not sample.labels:
                self._again(sample)
        self._dump.add(sample, self._tally.line)

    def _again(self, sample: Sample) -> None:
        """A name comes a second time: the same first series begins another dump."""
        if self._firsts[sample.name] != sample.labels:
            return
        back = self._dump.cut(self._turn)
        self._next()
        for held in back:
            self._firsts.setdefault(held.sample.name, held.sample.labels)
            self._dump.add(*held)
        self._firsts.setdefault(sample.name, sample.labels)
        self._previous = sample.name

    def _remark(self, text: str) -> None:
        """A line beside the dump: it may tell when the next one was made."""
        stamp = stamps.read(text) or _words(text)
        if stamp is None:
            return
        if not self._dump.empty:
            self._next()
        self._dump.named = stamp

    def _next(self) -> None:
        """Another dump begins; types hold on, since those of its first families are told already."""
        before = self._dump
        before.finish(last=False)
        self._dumps += 1
        self._dump = Dump(self._sink, self._coverage)
        self._dump.names.types.update(before.names.types)
        self._dump.inherited = before.at
        self._begin()


def _words(text: str) -> stamps.Stamp | None:
    """The instant that the command ``date`` printed."""
    found = _DATE_WORDS.search(text)
    if found is None or found["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(found["month"]) + 1
    return stamps.read(
        f"{found['year']}-{month:02}-{int(found['day']):02}T{found['time']}{'Z' if found['zone'] else ''}"
    )
