"""The three debug dumps of API Priority and Fairness: levels, queues, requests.

Columns are found by name, as each release has added some (k8s.io/apiserver ``apf_controller_debug.go``, 0.20 to 0.33).
Requests are counted by level, flow schema and flow, never listed one by one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from snowpit.ingest.configuration.accounting import Account
from snowpit.ingest.configuration.rows import Row, Subject
from snowpit.ingest.sink import Sink
from snowpit.ingest.stream import Reader
from snowpit.ingest.tolerant.cutter import Cut, Cutter
from snowpit.model.evidence import FileCoverage

LARGEST = 1 << 16
"""Bytes of a line that is read."""

FLOWS = 1000
"""Flows that are counted by name; the rest are counted together."""

_HEADS = (
    ("dump_requests", ("PriorityLevelName", "FlowSchemaName", "ArriveTime")),
    ("dump_queues", ("PriorityLevelName", "Index", "ExecutingRequests")),
    ("dump_priority_levels", ("PriorityLevelName", "ActiveQueues", "WaitingRequests")),
)


def dump_of(line: str) -> str | None:
    """The name of the dump whose head a line is; null if it is none."""
    names = _cells(line)
    return next((name for name, columns in _HEADS if set(columns) <= set(names)), None)


def read_dump(reader: Reader, sink: Sink, coverage: FileCoverage) -> None:
    """Read dumps, one after the other, into settings."""
    account, cutter = Account(coverage), Cutter(LARGEST)
    dump = _Dump()
    for part in (_fed(cutter, reader), cutter.finish()):
        for cut in part:
            if cut.dropped:
                account.skip(cut.dropped, 1, "reject:line too long")
                continue
            verdict, rows = dump.line(cut.line.decode("utf-8", "replace"), account.line + 1)
            for row in rows:
                sink.add("settings", row)
            account.add(cut.line, verdict)
    for row in dump.flows():
        sink.add("settings", row)
    account.close()


def _fed(cutter: Cutter, reader: Reader) -> Iterator[Cut]:
    for chunk in reader.rest():
        yield from cutter.feed(chunk)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removesuffix(",").split(",")]


class _Dump:
    """The dump that is being read, and the flows counted in it."""

    def __init__(self) -> None:
        self._name = ""
        self._columns: list[str] = []
        self._flows: Counter[tuple[str, str, str]] = Counter()

    def line(self, text: str, number: int) -> tuple[str, list[Row]]:
        """Verdict and rows of one line."""
        if not text.strip():
            return "empty", []
        head = dump_of(text)
        if head is not None:
            self._name, self._columns = head, _cells(text)
            return "other", []
        cells = _cells(text)
        if not self._name or len(cells) < 2 or len(cells) > 2 * len(self._columns):  # noqa: PLR2004
            return "reject:no row of the dump", []
        values = dict(zip(self._columns, cells, strict=False))
        if self._name == "dump_requests":
            self._count(values)
            return "event", []
        return "event", list(self._state(values, number))

    def _state(self, values: Mapping[str, str], number: int) -> Iterator[Row]:
        index = values.get("Index", "")
        level = values["PriorityLevelName"]
        subject = Subject(component="kube-apiserver", document=self._name, object=level)
        for name, value in values.items():
            if name not in ("PriorityLevelName", "Index") and value not in ("", "<none>"):
                yield subject.row(f"{index}.{name}" if index else name, value, number)

    def _count(self, values: Mapping[str, str]) -> None:
        flow = values.get("FlowDistingsher") or values.get("FlowDistinguisher") or ""
        key = (values["PriorityLevelName"], values.get("FlowSchemaName", ""), flow)
        if key not in self._flows and len(self._flows) >= FLOWS:
            key = (key[0], key[1], "(others)")
        self._flows[key] += 1

    def flows(self) -> Iterator[Row]:
        """Requests waiting or executing by level, flow schema and flow, largest first."""
        for (level, schema, flow), requests in self._flows.most_common():
            subject = Subject(component="kube-apiserver", document="dump_requests", object=level)
            yield subject.row(f"{schema}/{flow}", str(requests))
