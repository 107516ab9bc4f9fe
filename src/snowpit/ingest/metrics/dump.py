"""One scrape of one process, or a stretch of many series over time, on its way to the sample table."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from snowpit.ingest.metrics import naming, stamps
from snowpit.ingest.metrics.naming import Names
from snowpit.ingest.metrics.sample import Sample, micros
from snowpit.ingest.sink import Sink
from snowpit.knowledge import metrics as knowledge
from snowpit.model.evidence import FileCoverage

MOST = 100_000
"""Samples that are held until names are resolved; a dump of 3 MB has 25,000."""

_SERVERS = 200
"""Servers that the coverage names."""

_OF = " of "
"""Stands in the kind of a file between the format and what exposed it."""

_LONGEST = 40
"""Letters of a version that are kept."""

TABLE = "metrics"
APISERVER = "kube-apiserver"
VERSIONS: Mapping[str, tuple[str, ...]] = {
    "kubernetes_build_info": ("git_version", "gitVersion"),
    "etcd_server_version": ("server_version",),
}
"""Names that tell a release, and the labels that do."""

_COLLECTED = "go_memstats_last_gc_time_seconds"
_TRAILER = re.compile(r"[-_. ]*\b(?:metrics?|prom|prometheus|dump|raw|txt|out|openmetrics)(?:[-_.]*\d+)?$")
_GENERIC = re.compile(
    r"(?:api|server|apiserver|kube|kubelet|etcd|metrics?|prom|prometheus|dump|raw|txt|text|out|log|scheduler|controller"
    r"|manager|cm|before|during|after|start|end|first|last|now|all|full|kubernetes|k8s|openmetrics|json|query|range"
    r"|result|tsdb|stdin|v?\d+)?"
)


class Held(NamedTuple):
    """A sample and the line it stands on.

    Args:
        sample: The sample.
        line: 1-based line; null if it came from a server.
    """

    sample: Sample
    line: int | None


class Dump:
    """Samples of one dump, held until all its names are known.

    Args:
        sink: Where rows go.
        coverage: Account of the stream.
    """

    def __init__(self, sink: Sink, coverage: FileCoverage) -> None:
        self.names = Names()
        self.named: stamps.Stamp | None = None
        self._sink = sink
        self._coverage = coverage
        self._held: list[Held] = []
        self._component: str | None = None
        self._versions: Counter[tuple[str, str]] = Counter()
        self.at: int | None = None
        self.inherited: int | None = None
        self._how = ""
        self._server = server_of(coverage.path)
        self._servers: set[str] = set()
        self._jobs: dict[str, str] = {}

    @property
    def empty(self) -> bool:
        """Whether it has no sample yet."""
        return not self._held and self._component is None

    def add(self, sample: Sample, line: int | None) -> None:
        """Take a sample."""
        self.names.saw(sample)
        self._held.append(Held(sample, line))
        if len(self._held) >= MOST:
            self._store(last=True)

    def cut(self, count: int) -> list[Held]:
        """Take back the samples after the first ``count``, which belong to the next dump; none if they are stored."""
        back, self._held = self._held[count:], self._held[:count]
        if self._component is None:
            self.names.seen = {held.sample.name for held in self._held}
        return back

    @property
    def held(self) -> int:
        """Samples that are not stored yet."""
        return len(self._held)

    def finish(self, *, last: bool = True) -> None:
        """Turn all samples into rows; ``last`` if no dump follows in the same file, so the file's time is its own."""
        if self._held:
            self._store(last=last)
        self._note()

    def _store(self, *, last: bool) -> None:
        if self._component is None:
            self._component = self._name_component()
            self.at, self._how = self._time(last=last)
        for held in self._held:
            self._row(held)
        self._held.clear()

    def _name_component(self) -> str:
        stem = PurePosixPath(self._coverage.path).name
        return knowledge.component_of(self.names.seen) or knowledge.component_of_job(stem)

    def _time(self, *, last: bool) -> tuple[int | None, str]:
        if all(held.sample.at is not None for held in self._held):
            return None, "time stamps of the samples"
        value = next((held.sample.value for held in self._held if held.sample.name == _COLLECTED), None)
        if value is None and self.named is None and self.inherited is not None:
            return self.inherited, "the dump before it, of which it is a part"
        path = PurePosixPath(self._coverage.path)
        named = self.named or (
            stamps.read(path.name) or stamps.read("/".join(path.parts[-3:-1])) if last else None
        )
        return stamps.decide(named, micros(value), written=self._sink.written if last else None)

    def _of_job(self, job: str) -> str:
        """The component behind a job, by its name, or by what it exposes."""
        if job not in self._jobs:
            exposed = {held.sample.name for held in self._held if held.sample.labels.get("job") == job}
            named = knowledge.component_of_job(job) or knowledge.component_of(exposed)
            if len(self._jobs) >= _SERVERS:
                return named
            self._jobs[job] = named
        return self._jobs[job]

    def _row(self, held: Held) -> None:
        sample = held.sample
        meaning = self.names.meaning(sample)
        labels = naming.labels_of(sample, meaning)
        component = self._of_job(labels["job"]) if "job" in labels else self._component or ""
        at = self.at if sample.at is None else sample.at
        server = labels.get("instance") or self._server
        if server and len(self._servers) < _SERVERS:
            self._servers.add(server)
        self._seen(at, component, labels=labels, name=sample.name)
        self._sink.add(
            TABLE,
            {
                "at": at,
                "name": meaning.name,
                "kind": meaning.kind,
                "labels": labels,
                "value": naming.value_of(sample, meaning),
                "exposed": sample.name,
                "component": component,
                "server": server,
                "line": held.line,
            },
        )

    def _seen(self, at: int | None, component: str, *, labels: Mapping[str, str], name: str) -> None:
        if at is not None:
            coverage = self._coverage
            coverage.first = at if coverage.first is None else min(coverage.first, at)
            coverage.last = at if coverage.last is None else max(coverage.last, at)
        keys = VERSIONS.get(name, ())
        version = next((labels[key] for key in keys if key in labels), "")
        if version and len(self._versions) < _SERVERS:
            self._versions[component, version[:_LONGEST]] += 1

    def _note(self) -> None:
        """Tell the coverage what the dump was taken for."""
        coverage = self._coverage
        if self._component is None:
            return
        told = sorted({f"{component} {version}" for component, version in self._versions if component})
        for taken in told or [self._component or "an unknown component"]:
            if taken not in coverage.kind:
                coverage.kind += f", {taken}" if _OF in coverage.kind else f"{_OF}{taken}"
        if self._how and self._how not in coverage.notes:
            coverage.notes.append(self._how)
        coverage.servers = tuple(sorted({*coverage.servers, *self._servers}))
        versions = {version for component, version in self._versions if component == APISERVER}
        coverage.versions = tuple(sorted({*coverage.versions, *versions}))


def server_of(path: str) -> str:
    """Which instance a file name speaks of, without times and words that every dump has; empty if none.

    >>> server_of("dir/kube-apiserver-master-0_metrics_2024-05-01T10-00-00Z.prom"), server_of("metrics-before.prom")
    ('kube-apiserver-master-0', '')
    """
    name = PurePosixPath(path).name
    stem = stamps.without(name.split("!")[-1])
    stem = re.sub(r"(?:\.(?:prom|txt|text|metrics|gz|zst|xz|bz2|json|out|log))+$", "", stem)
    before = ""
    while before != stem:
        before, stem = stem, _TRAILER.sub("", stem).strip("-_. ")
    words: Iterator[str] = (word for word in re.split(r"[-_. ]+", stem))
    return "" if all(_GENERIC.fullmatch(word.lower()) for word in words) else stem
