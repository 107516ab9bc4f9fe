import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from snowpit.ingest.formats import format_of
from snowpit.ingest.metrics.sample import parse
from snowpit.ingest.metrics.text import KIND, recognise
from support.metric_files import balanced, reading
from support.shared import shared_data

VERSIONS = {
    "api-server_1_16": "v1.16.15",
    "api-server_1_28": "v1.28.3",
    "metrics_1.27.0": "v1.27.4",
    "metrics-during": "v1.13.5",
}
FOLDERS = ("metrics-apiserver", "metrics-etcd", "metrics-kubelet", "metrics-other", "real-apiserver")
DUMP = """# HELP apiserver_request_total Requests.
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",verb="GET"} 5
# TYPE go_memstats_last_gc_time_seconds gauge
go_memstats_last_gc_time_seconds 1.7e+09
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.6e+09
"""
AUDIT = '{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"ResponseComplete"}\n'

label = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def dumps() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted(shared_data(folder).rglob("*.prom"))]


def of(path: Path) -> tuple[str, str]:
    """Component and version as the path tells them; the version is empty where it does not."""
    names = {
        "etcd": "etcd",
        "kubelet": "kubelet",
        "scheduler": "kube-scheduler",
        "manager": "kube-controller-manager",
    }
    named = next((component for piece, component in names.items() if piece in path.name), "kube-apiserver")
    return "metrics-server" if path.name == "metrics-server.prom" else named, path.stem


def test_every_dump_of_the_shared_evidence_is_read_whole() -> None:
    for path in dumps():
        raw = path.read_bytes()
        samples = sum(1 for line in raw.splitlines() if line and not line.startswith(b"#"))
        with reading(raw, path=str(path)) as read:
            found = read.tables.run("SELECT DISTINCT component FROM metrics")
            assert read.kind == KIND, path
            assert read.coverage.rejected == {}, path
            assert read.coverage.rows == {"metrics": samples}, path
            assert balanced(read.coverage, len(raw)), path
            assert found == [(of(path)[0],)], path
            assert VERSIONS.get(path.stem, "") in " ".join(read.coverage.versions), path
            assert bool(read.coverage.versions) == (found[0][0] == "kube-apiserver"), path


def bare(name: str) -> str:
    """A name as both parsers have it: the reference gives every counter the ending of OpenMetrics."""
    return name.removesuffix("_total")


def test_values_are_those_of_the_reference_parser() -> None:
    path = shared_data("real-apiserver", "1.13.5", "metrics-during.prom")
    wanted = {
        (bare(sample.name), tuple(sorted(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
        if math.isfinite(sample.value)
    }
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    found = [sample for sample in map(parse, lines) if sample and sample.value is not None]
    assert {(bare(one.name), tuple(sorted(one.labels.items())), one.value) for one in found} == wanted


def test_noise_around_a_dump_is_other_and_a_cut_line_is_rejected() -> None:
    raw = "$ kubectl get --raw /metrics\n\n" + DUMP + 'up{a="b"\ncommand terminated with exit code 1\n'
    with reading(raw) as read:
        assert read.coverage.rejected == {"no sample": 1}
        assert [(at.line, at.reason) for at in read.coverage.rejected_at] == [(10, "no sample")]
        assert balanced(read.coverage, len(raw))
        assert read.coverage.empty_lines == 1


def test_two_dumps_in_one_file_are_told_apart_by_their_first_series() -> None:
    etcd = "# TYPE etcd_server_has_leader gauge\netcd_server_has_leader 1\n" + DUMP[DUMP.index("# TYPE go") :]
    with reading(DUMP + etcd + DUMP.replace("1.7e+09", "1.7000001e+09")) as read:
        rows = read.tables.run(
            "SELECT name, component, \"at\" FROM metrics WHERE name LIKE '%e%r%e%' ORDER BY line"
        )
        assert "3 dumps in one file" in read.coverage.notes
    components = [(name, component) for name, component, _ in rows if not name.startswith(("go_", "process"))]
    assert components == [
        ("apiserver_request_total", "kube-apiserver"),
        ("etcd_server_has_leader", "etcd"),
        ("apiserver_request_total", "kube-apiserver"),
    ]
    assert len({at for _, component, at in rows if component == "kube-apiserver"}) == 2


def test_the_line_that_date_printed_times_the_dump_after_it() -> None:
    raw = "2024-05-01T10:00:00Z\n" + DUMP + "2024-05-01T10:01:00Z\n" + DUMP
    with reading(raw) as read:
        times = read.tables.run('SELECT DISTINCT "at" FROM metrics ORDER BY 1')
    assert times == [(1_714_557_600_000_000,), (1_714_557_660_000_000,)]


@pytest.mark.parametrize(
    "pair",
    [
        'url="https://x/y?access_token=geheim123"',
        'url="https://me:geheim123@x/y"',
        'instance="http://geheim123@x"',
        'token="geheim123"',
        'etcdPassword="geheim123"',
    ],
)
def test_labels_with_secrets_are_blanked(pair: str) -> None:
    with reading(f'rest_client{{{pair},a="1"}} 1\nup{{a="2"}} 1\n') as read:
        (row, *_) = read.tables.run("SELECT labels FROM metrics ORDER BY line")
    assert "a" in str(row)
    assert "geheim123" not in str(row)


def test_labels_that_only_speak_of_secrets_are_kept() -> None:
    labels = 'resource="secrets",name="token-cleaner",instance="node01.examplecluster01:443"'
    with reading(f"rest_client{{{labels}}} 1\n") as read:
        (row,) = read.tables.run("SELECT labels FROM metrics")
    assert all(value in str(row) for value in ("secrets", "token-cleaner", "node01.examplecluster01:443"))


def test_an_audit_log_is_never_taken_for_metrics() -> None:
    for raw in (AUDIT, f"[{AUDIT.strip()}]", "# comment\n" + AUDIT, AUDIT + DUMP):
        assert recognise(raw.encode()) is None
        known = format_of(raw.encode())
        assert known is None or not known[1].startswith("metrics")


@given(
    st.dictionaries(st.from_regex(r"\A[a-z_][a-z0-9_]{0,8}\Z"), label, max_size=4),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_what_is_written_as_the_format_asks_is_read_back(labels: dict[str, str], value: float) -> None:
    def escaped(text: str) -> str:
        return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")

    inner = ",".join(f'{name}="{escaped(text)}"' for name, text in labels.items())
    found = parse(f"some_name{{{inner}}} {value!r}\n")
    assert found is not None
    assert found.value == value
    assert dict(found.labels).keys() == labels.keys()
    assert {k: v for k, v in found.labels.items() if "REDACTED" not in v} == {
        k: v for k, v in labels.items() if "REDACTED" not in found.labels[k]
    }


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 40))
def test_any_bytes_after_a_dump_are_accounted_for(raw: bytes, chunk: int) -> None:
    data = DUMP.encode() + raw
    with reading(data, chunk=chunk) as read:
        assert balanced(read.coverage, len(data))


@pytest.mark.parametrize(
    "line", ["up", "up{", "up{} x", 'up{a="b} 1', "up 1 2 3", "1up 1", "up{a='b'} 1", "up1_000 1_0"]
)
def test_what_is_no_sample_is_not_read_as_one(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    "body", ['a=",le="', 'a=",le=",b="c"', 'a="x",le="5"', 'a="x,le=",le="5"', 'a="\\\\",le="5"', 'le="5"']
)
def test_the_last_label_is_cut_off_only_where_it_is_one(body: str) -> None:
    found = parse(f"x{{{body}}} 1")
    (family,) = text_string_to_metric_families(f"x{{{body}}} 1\n")
    assert found is not None
    assert dict(found.labels) == family.samples[0].labels
