"""Command lines as text: bare ones, ``ps`` output, systemd units, dumps of ``FLAG:`` lines, ``kubectl version``."""

import re
from collections.abc import Iterator, Sequence

from snowpit.ingest.configuration.accounting import Account
from snowpit.ingest.configuration.flags import arguments, component_of, flags, split, version_of
from snowpit.ingest.configuration.releases import release_line
from snowpit.ingest.configuration.rows import Row, Subject, of_flags
from snowpit.ingest.configuration.tree import Scalar
from snowpit.ingest.sink import Sink
from snowpit.ingest.stream import Reader
from snowpit.ingest.tolerant.cutter import Cut, Cutter
from snowpit.model.evidence import FileCoverage

LARGEST = 1 << 20
"""Bytes of a line that is read."""

CONTINUED_AT_MOST = 2000
"""Lines that one command line may be continued over."""

DUMPED_AT_MOST = 5000
"""Flags of a dump that are kept."""

_MARKS = (
    ("etcd-servers", "kube-apiserver"),
    ("max-requests-inflight", "kube-apiserver"),
    ("node-monitor-grace-period", "kube-controller-manager"),
    ("pod-max-in-unschedulable-pods-duration", "kube-scheduler"),
    ("scheduler-name", "kube-scheduler"),
    ("metric-resolution", "metrics-server"),
    ("proxy-mode", "kube-proxy"),
    ("cgroup-driver", "kubelet"),
    ("max-pods", "kubelet"),
)
"""Flags that only one component has."""

_FLAG_LINE = re.compile(r'(?:[IWEF]\d{4} [^\]]*\] )?FLAG: --([\w.-]+)="(.*)"')
_UNIT = re.compile(r"\s*ExecStart\s*=\s*[-@:+!]*(.*)", re.DOTALL)
_HEADING = re.compile(r"\s*(?:#.*|\[[A-Z]\w*\]|[A-Z]\w+=.*|USER\s.*|UID\s.*|PID\s.*)", re.DOTALL)
_VARIABLE = re.compile(
    r"(?:export\s+|Environment\s*=\s*[\"']?)?([A-Z][A-Z0-9_]*)\s*=\s*[\"']?(-.*)", re.DOTALL
)
_NAMED = (
    ("METRICS_SERVER", "metrics-server"),
    ("KUBELET", "kubelet"),
    ("APISERVER", "kube-apiserver"),
    ("API_SERVER", "kube-apiserver"),
    ("KUBE_API", "kube-apiserver"),
    ("CONTROLLER_MANAGER", "kube-controller-manager"),
    ("SCHEDULER", "kube-scheduler"),
)
"""Parts of the names of variables that hold arguments of a component."""

_ONLY_FLAG = re.compile(r"\s*--[a-z][\w.-]*(?:=.*|\s+\S.*)?", re.DOTALL)


def read_commands(reader: Reader, sink: Sink, coverage: FileCoverage) -> None:
    """Read lines of text that hold command lines into settings."""
    account = Account(coverage)
    cutter = Cutter(LARGEST)
    text = _Text(sink, account)
    for part in (_fed(cutter, reader), cutter.finish()):
        for cut in part:
            if cut.dropped:
                text.finish()
                account.skip(cut.dropped, 1, "reject:line too long")
            else:
                text.line(cut.line)
    text.finish()
    text.close()
    account.close()


def _fed(cutter: Cutter, reader: Reader) -> Iterator[Cut]:
    for chunk in reader.rest():
        yield from cutter.feed(chunk)


class _Text:
    """Joins continued lines and reads each command line.

    Args:
        sink: Takes settings.
        account: Takes lines.
    """

    def __init__(self, sink: Sink, account: Account) -> None:
        self._sink = sink
        self._account = account
        self._held: list[bytes] = []
        self._component = ""
        self._title = ""
        self._dumped: list[tuple[str, Scalar]] = []

    def line(self, line: bytes) -> None:
        """Take the next line."""
        self._held.append(line)
        continued = line.rstrip().endswith(b"\\") and len(self._held) < CONTINUED_AT_MOST
        if not continued:
            self.finish()

    def finish(self) -> None:
        """Read what is held."""
        data, self._held = b"".join(self._held), []
        if not data:
            return
        if not data.strip():
            self._account.add(data, "empty")
            return
        text = data.decode("utf-8", "replace")
        flag = _FLAG_LINE.match(text)
        if flag and len(self._dumped) < DUMPED_AT_MOST:
            self._dumped.append((flag[1], Scalar(flag[2], self._account.line + 1)))
            self._account.add(data, "event")
            return
        rows = list(self._rows(text))
        for row in rows:
            self._sink.add("settings", row)
            if row["component"] == "kube-apiserver":
                self._account.told(row["version"], row["server"])
        self._account.add(data, "event" if rows else "other")

    def close(self) -> None:
        """Store a dump of flags, once all of it tells whose it is."""
        names = {name for name, _ in self._dumped}
        component = next((name for mark, name in _MARKS if mark in names), self._component or "unknown")
        for row in of_flags(self._subject(component, None), self._dumped):
            self._sink.add("settings", row)

    def _rows(self, text: str) -> Iterator[Row]:
        number = self._account.line + 1
        told = release_line(text.rstrip("\r\n"), number)
        if told is not None:
            yield told
            return
        component, held = variable(text)
        if component:
            subject = self._subject(component, None)
            yield from of_flags(subject, flags(list(split(held, number))))
            return
        unit = _UNIT.match(text)
        if unit is None and _HEADING.fullmatch(text.rstrip()):
            self._heading(text)
            return
        yield from self._command(list(split(unit[1] if unit else text, number)), text)

    def _heading(self, text: str) -> None:
        """A comment names what follows it: ``# /etc/kubernetes/manifests/kube-apiserver``, ``# cmdline.txt``."""
        named = text.strip("#= \t\r\n")
        if text.startswith("#") and re.fullmatch(r"[\w./ -]{1,80}", named):
            self._title = named

    def _command(self, words: Sequence[Scalar], text: str) -> Iterator[Row]:
        at = next((at for at, word in enumerate(words) if component_of(word.text)), None)
        if at is not None:
            component, rest = arguments(words[at:])
            self._component = component
            subject = self._subject(component, version_of(words[at].text))
            yield subject.row("command", component, words[at].line)
            yield from of_flags(subject, flags(rest))
        elif self._component and _ONLY_FLAG.fullmatch(text.rstrip()):
            yield from of_flags(self._subject(self._component, None), flags(words))

    def _subject(self, component: str, version: str | None) -> Subject:
        return Subject(component=component, document="flags", object=self._title, version=version)


def variable(text: str) -> tuple[str, str]:
    """Component and arguments in the assignment of a variable of a unit or environment file; empty if it is none.

    >>> variable('KUBELET_EXTRA_ARGS="--v=2 --max-pods=58"')
    ('kubelet', '--v=2 --max-pods=58')
    """
    found = _VARIABLE.fullmatch(text.strip())
    component = next((name for part, name in _NAMED if found and part in found[1]), "")
    return (component, found[2].rstrip("\"'")) if found and component else ("", "")


def looks_like_commands(lines: Sequence[str]) -> str | None:
    """The name of the kind if lines are command lines; null if they are not."""
    bare = [line for line in lines if line.strip() and not line.startswith("#")]
    if not bare:
        return None
    flagged = sum(_FLAG_LINE.match(line) is not None for line in bare)
    if flagged * 10 > len(bare) * 9:
        return "flag dump"
    if release_line(bare[0], 1) is not None:
        return "kubectl version"
    if all(re.match(r"(?:export )?[A-Z][A-Z0-9_]*=", line) for line in bare) and any(
        variable(line)[0] for line in bare
    ):
        return "environment file"
    if any(_UNIT.match(line) or variable(line)[0] for line in bare) and any(
        line.startswith("[") for line in bare
    ):
        known = any(variable(line)[0] or any(map(component_of, line.split())) for line in bare)
        return "systemd unit" if known else None
    return _process(bare)


def _process(bare: Sequence[str]) -> str | None:
    """The kind of lines of processes: each starts a well-known component with a flag, or a table of ``ps``."""
    head = bare[0].split()
    table = len(head) > 2 and head[0] in ("UID", "USER", "PID", "F") and "PID" in head  # noqa: PLR2004
    running = [
        line
        for line in bare
        if any(component_of(word) for word in line.split()[:16]) and re.search(r"\s--?[a-z]|\\$", line)
    ]
    if table:
        return "process list" if running else None
    first = bare[0].split()
    named = bool(first) and (bool(component_of(first[0])) or first[0] in ("exec", "sudo"))
    if named and running and running[0] == bare[0]:
        return "command line"
    return "process list" if first[0].isdecimal() and len(running) * 2 > len(bare) else None
