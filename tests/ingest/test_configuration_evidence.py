"""Real configurations from public repositories are read completely, with the right releases."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snowpit.ingest import configuration, read
from snowpit.ingest.formats import format_of
from snowpit.ingest.stream import Reader
from snowpit.model.evidence import FileCoverage
from snowpit.store import Tables
from support.configured import balanced, configured
from support.shared import shared_data

FOLDERS = (
    "config-apf",
    "config-apiserver-pods",
    "config-audit-policy",
    "config-kubelet",
    "config-metrics-server",
)
RELEASE = re.compile(r"pods_1_(\d+)\.yaml|kind-(1\.\d+\.\d+)\.json")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_read_and_every_line_accounted_for(folder: str) -> None:
    with Tables() as tables:
        coverage = read([str(shared_data(folder))], tables=tables)
    assert coverage.files
    assert balanced(coverage)
    assert [file.path for file in coverage.files if file.rejected or file.truncated] == []
    assert [file.path for file in coverage.files if not (file.rows or "no use" in " ".join(file.notes))] == []


def test_the_releases_are_those_of_the_clusters() -> None:
    with Tables() as tables:
        coverage = read([str(shared_data("config-apiserver-pods"))], tables=tables)
    told = {Path(file.path).name: file.versions for file in coverage.files}
    named = {name: found for name in told if (found := RELEASE.fullmatch(name))}
    assert len(named) == 10
    for name, found in named.items():
        (version,) = told[name]
        assert version.startswith(f"v1.{found[1]}." if found[1] else f"v{found[2]}")


def test_the_recorded_command_lines_tell_limits_and_release() -> None:
    with Tables() as tables:
        coverage = read([str(shared_data("real-apiserver", "1.13.5", "flags.txt"))], tables=tables)
        limits = tables.run(
            "SELECT object, value, line FROM settings WHERE key = 'max-mutating-requests-inflight' ORDER BY line"
        )
    assert coverage.files[0].versions == ("1.13.5",)
    assert limits == [
        ("cmdline-default.txt", "200", 2),
        ("cmdline-mut3000.txt", "3000", 5),
        ("cmdline.txt", "200", 8),
    ]


class _Sink:
    """Counts rows."""

    def __init__(self) -> None:
        self.rows = 0

    def add(self, table: str, row: object) -> None:
        assert table == "settings"
        assert row
        self.rows += 1


SEED = b"""\
apiVersion: v1
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: kube-apiserver-a}
  spec:
    containers:
    - command: [kube-apiserver, --v=2, "--a b"]
      image: x/kube-apiserver:v1.28.1
kind: List
---
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: None
  users: [a]
"""
JSON_SEED = b"""\
{"kind": "Node", "apiVersion": "v1", "metadata": {"name": "a"}}
{"kind": "Policy", "apiVersion": "audit.k8s.io/v1", "rules": [{"level": "None"}]}\r

{"kind": "Secret", "apiVersion": "v1"}
"""
DAMAGE = st.lists(
    st.tuples(
        st.integers(0, len(SEED)),
        st.integers(0, 12),
        st.sampled_from([b"", b"\n", b"\x00", b"{{", b"- ", b"---\n", b"\xff", b": [", b"\r"]),
    ),
    max_size=4,
)
READERS = (configuration.read_manifests, configuration.read_commands, configuration.read_dump)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([SEED, JSON_SEED]), DAMAGE, st.sampled_from(READERS), st.integers(1, 200))
def test_damaged_configuration_is_accounted_for_to_the_byte(
    data: bytes, damage: list[tuple[int, int, bytes]], reader: object, size: int
) -> None:
    for at, length, new in damage:
        data = data[:at] + new + data[at + length :]
    coverage = FileCoverage(path="a")
    chunks = (data[start : start + size] for start in range(0, len(data), size))
    reader(Reader(chunks), _Sink(), coverage)  # type: ignore[operator]
    lines = (
        coverage.event_lines + coverage.empty_lines + coverage.other_lines + sum(coverage.rejected.values())
    )
    found = coverage.event_bytes + coverage.empty_bytes + coverage.other_bytes + coverage.rejected_bytes
    assert (coverage.bytes, found) == (len(data), len(data))
    assert coverage.lines == lines == data.count(b"\n") + (not data.endswith(b"\n") if data else 0)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_make_the_recognisers_fail(data: bytes) -> None:
    for recognise in (configuration.dump, configuration.manifest, configuration.commands):
        found = recognise(data)
        assert found is None or found


@pytest.mark.parametrize(
    "line",
    [
        '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a","stage":"ResponseComplete"}\n',
        '{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"level":"Metadata","auditID":"a"}]}\n',
        "apiVersion: audit.k8s.io/v1\nkind: Event\nauditID: a\nlevel: Metadata\n",
        '{"protoPayload":{"methodName":"io.k8s.core.v1.pods.list"},"resource":{"type":"k8s_cluster"}}\n',
    ],
)
def test_an_audit_log_is_never_taken_for_configuration(line: str) -> None:
    assert format_of(line.encode()) is None


def test_memory_holds_one_item_of_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snowpit.ingest.configuration.manifests.LARGEST_YAML", 300)
    item = "- apiVersion: v1\n  kind: Node\n  metadata: {name: n%d}\n  status: {nodeInfo: {kubeletVersion: v1.28.1}}\n"
    text = "apiVersion: v1\nitems:\n" + "".join(item % number for number in range(50)) + "kind: List\n"
    with configured(tmp_path, {"nodes.yaml": text}) as (tables, coverage):
        assert tables.run("SELECT count(DISTINCT object) FROM settings") == [(50,)]
        assert coverage.rejected == 0


def test_items_of_a_large_json_list_are_read_one_by_one_with_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snowpit.ingest.configuration.tree.MARKED", 10)
    item = '{"metadata": {"name": "nX"},\n "status": {"nodeInfo": {"kubeletVersion": "v1.28.1"}}}'
    items = ",\n".join(item.replace("nX", f"n{at}") for at in range(3))
    text = '{"kind": "NodeList", "apiVersion": "v1", "items": [\n' + items + "\n]}\n"
    with configured(tmp_path, {"nodes.json": text}) as (tables, coverage):
        rows = tables.run("SELECT object, line FROM settings WHERE key = 'name' ORDER BY line")
        assert rows == [("n0", 2), ("n1", 4), ("n2", 6)]
        assert coverage.rejected == 0


def test_an_alias_that_names_itself_often_costs_no_time(tmp_path: Path) -> None:
    levels = "".join(f"a{at + 1}: &a{at + 1} [{', '.join([f'*a{at}'] * 9)}]\n" for at in range(9))
    text = f"apiVersion: audit.k8s.io/v1\nkind: Policy\na0: &a0 [x]\n{levels}"
    with configured(tmp_path, {"policy.yaml": text}) as (_, coverage):
        assert coverage.files[0].lines == text.count("\n")


@pytest.mark.parametrize(
    "data",
    [
        b"\n" * 5000 + b"kind: Policy\n",
        b"KUBELET_ARGS=--a" + b" " * 30_000 + b"x\n",
        b'{"kind":"Pod","apiVersion":"v1","a":' + b"[" * 20_000,
        b"kind: Pod\napiVersion: v1\na: " + b"[" * 20_000,
        b"PriorityLevelName, ActiveQueues, WaitingRequests\na" + b" " * 30_000 + b"x,\n",
    ],
    ids=["blank lines", "blanks", "deep JSON", "deep YAML", "wide cell"],
)
def test_hostile_text_on_which_patterns_could_backtrack_is_read_whole(data: bytes) -> None:
    for reader in READERS:
        coverage = FileCoverage(path="a")
        reader(Reader(iter([data])), _Sink(), coverage)  # type: ignore[arg-type]
        assert coverage.bytes == len(data)
