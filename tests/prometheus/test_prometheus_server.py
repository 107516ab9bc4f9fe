import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from snowpit.ingest import read
from snowpit.ingest.prometheus import Server, source
from snowpit.model.observation import Metrics
from snowpit.observe import observe
from snowpit.store import Tables
from support.program import snowpit
from support.prometheus import PATIENCE_S, exporting, installed, scraping


def dump(step: int) -> str:
    """One dump of an API server of 1.13: 50 more requests at every step, seats filling up."""
    return (
        "# TYPE apiserver_current_inflight_requests gauge\n"
        f'apiserver_current_inflight_requests{{requestKind="mutating"}} {min(200, 50 * step)}\n'
        "# TYPE apiserver_request_count counter\n"
        f'apiserver_request_count{{verb="POST",resource="tokenreviews",client="a",code="201"}} {30 * step}\n'
        f'apiserver_request_count{{verb="POST",resource="tokenreviews",client="b",code="201"}} {20 * step}\n'
        "# TYPE apiserver_request_latencies histogram\n"
        f'apiserver_request_latencies_bucket{{verb="POST",resource="tokenreviews",le="125000"}} {25 * step}\n'
        f'apiserver_request_latencies_bucket{{verb="POST",resource="tokenreviews",le="+Inf"}} {50 * step}\n'
        f'apiserver_request_latencies_sum{{verb="POST",resource="tokenreviews"}} {5e6 * step}\n'
        f'apiserver_request_latencies_count{{verb="POST",resource="tokenreviews"}} {50 * step}\n'
        "# TYPE kubernetes_build_info gauge\n"
        'kubernetes_build_info{gitVersion="v1.13.5",goVersion="go1.11.5"} 1\n'
        "# TYPE process_start_time_seconds gauge\n"
        "process_start_time_seconds 1.7e+09\n"
    )


def seen(tables: Tables) -> Metrics:
    found = observe(tables).metrics
    assert found is not None
    return found


def test_a_real_server_is_asked_for_what_it_scraped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed("prometheus")
    steps = 8
    with (
        exporting([dump(step) for step in range(steps)]) as (exporter, port),
        scraping(tmp_path, port, job="masters") as url,
    ):
        assert exporter.replayed.wait(PATIENCE_S)
        server = Server(url=url, now=time.time(), step_s=1)
        with Tables() as tables:
            coverage = read([], tables=tables, remotes=[source(server)]).files[0]
            found = seen(tables)
        ran = snowpit(capsys, "diagnose", "--prometheus", url, "-o", "json")
    assert coverage.kind == "Prometheus server of kube-apiserver v1.13.5"
    assert coverage.path == url
    assert coverage.versions == ("v1.13.5",)
    (gauge,) = found.gauge("apiserver_current_inflight_requests", "kube-apiserver", request_kind="mutating")
    assert gauge.high == 200
    assert gauge.server == f"127.0.0.1:{port}"
    assert found.counter("apiserver_request_total", resource="tokenreviews", code="201")[0].total == 50 * (
        steps - 1
    )
    (spread,) = found.distribution("apiserver_request_duration_seconds")
    assert spread.mean == pytest.approx(0.1)
    assert spread.last_bound == 0.125
    assert ran.code in {0, 1, 2}, ran.err
    assert "apiserver_current_inflight_requests" in ran.out


def test_a_database_on_disk_is_read_by_its_own_tool(tmp_path: Path) -> None:
    tool = installed("promtool")
    lines = [
        f'apiserver_current_inflight_requests{{job="apiserver",instance="m1",requestKind="mutating"}} {value} {at}'
        for at, value in ((1_700_000_000, 3), (1_700_000_015, 200))
    ]
    text = "# TYPE apiserver_current_inflight_requests gauge\n" + "\n".join(lines) + "\n# EOF\n"
    given = tmp_path / "backfill.om"
    given.write_text(text)
    data = tmp_path / "data"
    subprocess.run(  # noqa: S603 - arguments of our own
        [tool, "tsdb", "create-blocks-from", "openmetrics", str(given), str(data)],
        check=True,
        capture_output=True,
    )
    from snowpit.ingest import tsdb  # noqa: PLC0415

    paths, remotes = tsdb.apart([str(data), str(given)])
    assert paths == [str(given)]
    with Tables() as tables:
        coverage = read([], tables=tables, remotes=remotes).files[0]
        (gauge,) = seen(tables).gauge("apiserver_current_inflight_requests")
    assert coverage.rejected == {}
    assert (gauge.first, gauge.last, gauge.server, gauge.component) == (3, 200, "m1", "kube-apiserver")


def test_rights_are_never_shown() -> None:
    server = Server(url="https://joe:geheim@prom.example/x", now=0.0, token="geheim", password="geheim")  # noqa: S106
    assert "geheim" not in repr(replace(server, user="a")) + server.label
