import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.ingest.metrics import api, stamps
from snowpit.ingest.metrics.dump import server_of
from snowpit.ingest.stream import Reader
from snowpit.knowledge import metrics as knowledge
from snowpit.model.evidence import FileCoverage
from support.metric_files import balanced, reading

OLD = """# TYPE apiserver_request_latencies histogram
apiserver_request_latencies_bucket{verb="POST",le="125000"} 1
apiserver_request_latencies_bucket{verb="POST",le="+Inf"} 2
apiserver_request_latencies_sum{verb="POST"} 4e+06
apiserver_request_latencies_count{verb="POST"} 2
# TYPE apiserver_request_latencies_summary summary
apiserver_request_latencies_summary{verb="POST",quantile="0.5"} 30000
apiserver_request_latencies_summary_sum{verb="POST"} 4e+06
apiserver_request_latencies_summary_count{verb="POST"} 2
# TYPE apiserver_current_inflight_requests gauge
apiserver_current_inflight_requests{requestKind="mutating"} 200
# TYPE crd_finalizer_queue_latency summary
crd_finalizer_queue_latency{quantile="0.5"} 1000
# TYPE apiserver_request_count counter
apiserver_request_count{verb="POST",contentType="a/b"} 7
"""


def rows(raw: str) -> dict[tuple[str, str], tuple[dict[str, str], float]]:
    with reading(raw) as read:
        found = read.tables.run("SELECT name, kind, labels, value FROM metrics ORDER BY line")
        return {(name, kind): (labels, value) for name, kind, labels, value in found}


def test_old_names_become_those_of_today_with_seconds_for_microseconds() -> None:
    found = rows(OLD)
    name = "apiserver_request_duration_seconds"
    assert found[name, "sum"] == ({"verb": "POST"}, 4.0)
    assert found[name, "count"] == ({"verb": "POST"}, 2.0)
    assert found[name, "quantile"] == ({"verb": "POST", "quantile": "0.5"}, 0.03)
    assert found["apiserver_current_inflight_requests", "gauge"][0] == {"request_kind": "mutating"}
    assert found["workqueue_queue_duration_seconds", "quantile"] == (
        {"quantile": "0.5", "name": "crd_finalizer"},
        0.001,
    )
    assert found["apiserver_request_total", "counter"] == ({"verb": "POST", "content_type": "a/b"}, 7.0)
    assert ("apiserver_request_latencies_summary", "count") in found


def test_bounds_of_buckets_are_in_seconds() -> None:
    with reading(OLD) as read:
        bounds = read.tables.run("SELECT labels['le'] FROM metrics WHERE kind = 'bucket' ORDER BY line")
    assert bounds == [("0.125",), ("+Inf",)]


def test_a_family_exposed_under_both_names_is_not_counted_twice() -> None:
    both = OLD + '# TYPE apiserver_request_total counter\napiserver_request_total{verb="POST"} 7\n'
    with reading(both) as read:
        found = read.tables.run(
            "SELECT name, exposed FROM metrics WHERE exposed LIKE 'apiserver_request_%t' AND kind = 'counter'"
        )
        assert ("apiserver_request_count", "apiserver_request_count") in found
        assert not read.tables.run(
            "SELECT 1 FROM metrics WHERE name = 'apiserver_request_total' AND exposed = 'apiserver_request_count'"
        )


def test_names_without_types_are_understood() -> None:
    bare = "".join(line + "\n" for line in OLD.splitlines() if not line.startswith("#"))
    found = rows(bare)
    assert ("apiserver_request_duration_seconds", "bucket") in found
    assert ("apiserver_request_duration_seconds", "count") in found
    assert ("apiserver_request_total", "counter") in found
    assert ("apiserver_current_inflight_requests", "gauge") in found


def test_every_rename_leads_to_another_name_and_tells_its_source() -> None:
    for rename in knowledge.renames():
        assert rename.new != rename.old
        assert rename.source
        assert rename.mark in {"verified", "recalled"}
        assert not rename.pattern or "name" in re.compile(rename.old).groupindex


def test_no_name_of_today_is_an_old_one() -> None:
    old = {rename.old for rename in knowledge.renames()}
    assert not [item.name for item in knowledge.series() if item.name in old]
    assert len({item.name for item in knowledge.series()}) == len(knowledge.series())


@pytest.mark.parametrize(
    ("path", "server"),
    [
        ("a/kube-apiserver-master-0.prom", "kube-apiserver-master-0"),
        ("metrics-2024-05-01T10-00-00Z.prom.gz", ""),
        ("master1-metrics-003.txt", "master1"),
        ("api-server_1_34.prom", ""),
        ("metrics-during.prom", ""),
        ("bundle.tar!etcd-m2_1714557600.txt", "etcd-m2"),
    ],
)
def test_servers_are_taken_from_names_of_files(path: str, server: str) -> None:
    assert server_of(path) == server


def test_a_local_time_in_a_name_is_put_right_by_the_clock_of_the_process() -> None:
    named = stamps.read("metrics_20240501-1202.prom")
    collected = 1_714_557_690_000_000  # 10:01:30 UTC
    at, how = stamps.decide(named, collected, written=None)
    assert at == 1_714_557_720_000_000
    assert "UTC+2 h" in how


def test_a_file_copied_later_does_not_date_its_dump() -> None:
    at, how = stamps.decide(None, 1_714_557_690_000_000, written=1_800_000_000_000_000)
    assert at == 1_714_557_690_000_000
    assert how == stamps.NEAR


def test_answers_of_the_api_are_read_and_nameless_series_left_out() -> None:
    raw = (
        '[{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"apiserver_request_count",'
        '"requestKind":"mutating","instance":"m1","job":"apiserver"},"values":[[1700000000,"3"],[1700000030,"NaN"]]},'
        '{"metric":{"verb":"x"},"values":[[1700000000,"3"]]}]}},\n{"metric":{"__name__":"x","value":[1,\n'
    )
    for chunk in (7, 1 << 18):
        with reading(raw, chunk=chunk) as read:
            found = read.tables.run('SELECT name, kind, "at", value, server, line FROM metrics ORDER BY 3')
            assert balanced(read.coverage, len(raw))
            assert read.coverage.rejected == {"cut off": 1}
            assert any("without a name" in note for note in read.coverage.notes)
        assert found == [
            ("apiserver_request_total", "counter", 1_700_000_000_000_000, 3.0, "m1", 1),
            ("apiserver_request_total", "counter", 1_700_000_030_000_000, None, "m1", 1),
        ]


ANSWER = (
    b'{"status":"success","data":{"resultType":"vector","result":[\n'
    b'{"metric":{"__name__":"up","a":"}{\\""},"value":[1700000000,"1"]},\n'
    b'{"metric":{"__name__":"up","a":"b"},"value":[1700000000,"1"]}]}}\n'
)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(ANSWER)), st.binary(max_size=40), st.integers(1, 60))
def test_an_answer_with_bytes_put_into_it_is_accounted_for(place: int, more: bytes, chunk: int) -> None:
    coverage = FileCoverage(path="x")
    data = ANSWER[:place] + more + ANSWER[place:]
    sink = Rows()
    api.read(Reader(iter([data[i : i + chunk] for i in range(0, len(data), chunk)])), sink, coverage)  # type: ignore[arg-type]
    assert balanced(coverage, len(data))
    assert len(sink.rows) == 2 or more


class Rows:
    """Takes rows as a sink does."""

    def __init__(self) -> None:
        self.rows: list[object] = []
        self.written = None

    def add(self, table: str, row: object) -> None:
        assert table == "metrics"
        self.rows.append(row)
