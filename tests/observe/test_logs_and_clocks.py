"""What component logs tell, counted; clocks of sources, compared."""

from collections.abc import Iterator
from typing import Any

import pytest

from snowpit.ingest import read
from snowpit.model.observation import Logs
from snowpit.observe import prepare
from snowpit.observe.clocks import clocks
from snowpit.observe.logs import logs
from snowpit.store import Tables
from support.shared import shared_data

START = 1_795_348_320_000_000
SECOND = 1_000_000


@pytest.fixture
def tables() -> Iterator[Tables]:
    with Tables() as made:
        made.run("CREATE TABLE files (file INTEGER, path VARCHAR)")
        made.run("INSERT INTO files VALUES (0, 'a.log'), (1, 'audit.log'), (2, 'x.prom')")
        yield made


def line(kind: str, at_s: float, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "at": START + int(at_s * SECOND),
        "component": "kube-apiserver",
        "severity": "I",
        "count": 1,
        "file": 0,
        "line": 1,
        **more,
    }


def told(tables: Tables, *lines: dict[str, Any]) -> Logs:
    tables.append_to("log_lines", lines)
    found = logs(tables, prepare(tables))
    assert found is not None
    return found


def wait(number: int) -> dict[str, Any]:
    path = f"/api/v1/namespaces/bench/secrets/sa-{number}"
    return line(
        "throttled", number / 50, seconds=1.0 + number / 100, verb="GET", subject=path, line=number + 1
    )


def test_without_lines_nothing_is_told(tables: Tables) -> None:
    assert logs(tables, prepare(tables)) is None


def test_a_limiter_shows_its_rate_and_what_was_asked_for(tables: Tables) -> None:
    found = told(tables, *(wait(number) for number in range(300)))
    (client,) = found.limited
    assert (client.lines, client.distinct, client.busy_s) == (300, 300, 6)
    assert client.rate == 50
    assert client.objects == (("get secrets", 300, 300),)
    assert client.max_wait_s == pytest.approx(3.99)
    assert [pointer.line for pointer in client.pointers] == [1, 300]


def test_a_single_object_asked_for_again_and_again_is_told_from_many(tables: Tables) -> None:
    same = [wait(number) | {"subject": "/api/v1/namespaces/a/secrets/b"} for number in range(50)]
    (client,) = told(tables, *same).limited
    assert (client.distinct, client.objects) == (1, (("get secrets", 50, 1),))


def test_paths_are_reduced_to_resources_and_peaks_are_counted_by_minute(tables: Tables) -> None:
    paths = (
        "/api/v1/nodes/a/status",
        "/api/v1/nodes/b/status",
        "/apis/x.io/v1/namespaces/n/things/t",
        "/healthz",
    )
    found = told(
        tables,
        *(line("timeout", 61 * number, subject=path, verb="PATCH") for number, path in enumerate(paths)),
        line("timeout", 62, subject="/api/v1/nodes/c/status", verb="PATCH"),
    )
    assert [(group.subject, group.lines, group.subjects, group.peak) for group in found.groups] == [
        ("nodes/status", 3, 3, 2),
        ("/healthz", 1, 1, 1),
        ("things", 1, 1, 1),
    ]
    assert found.groups[0].peak_at == START + 60 * SECOND
    assert found.count("timeout", "kube-apiserver") == 5
    assert found.count("timeout", "kubelet") == 0


def test_restarts_are_counted_for_each_server(tables: Tables) -> None:
    starts = [line("started", at, subject="1.13.5", server="m0") for at in (0, 300, 420)]
    found = told(
        tables, *starts, line("stopped", 299, server="m0"), line("started", 5, subject="1.13.5", server="m1")
    )
    first, second = found.lifetimes
    assert (first.server, len(first.starts), first.shortest_s, first.median_s) == ("m0", 3, 120, 210)
    assert first.stops == (START + 299 * SECOND,)
    assert first.versions == ("1.13.5",)
    assert (second.server, second.shortest_s) == ("m1", None)


def test_a_start_in_a_log_is_compared_with_the_one_in_a_metric(tables: Tables) -> None:
    tables.append_to("log_lines", [line("started", 3.5, subject="1.13.5"), line("started", 5000)])
    seen = {"name": "process_start_time_seconds", "kind": "gauge", "component": "kube-apiserver", "file": 2}
    tables.append_to("metrics", [seen | {"value": START / SECOND}, seen | {"value": START / SECOND}])
    (offset,) = clocks(tables, prepare(tables))
    assert (offset.source, offset.reference, offset.pairs) == ("a.log", "x.prom", 1)
    assert offset.offset_s == pytest.approx(3.5)


@pytest.mark.parametrize("by_id", [True, False])
def test_requests_that_two_logs_tell_give_their_offset(tables: Tables, *, by_id: bool) -> None:
    def request(number: int, file: int, stage: str, ahead_s: float) -> dict[str, Any]:
        at = START + number * SECOND
        return {
            "received": at,
            "finished": at + int((ahead_s + number / 1000) * SECOND),
            "verb": "get",
            "resource": "secrets",
            "name": "same" if by_id else f"s{number}",
            "code": 200,
            "stage": stage,
            "audit_id": f"id-{number}" if by_id else f"{file}:{number}",
            "file": file,
            "line": number,
        }

    tables.append([request(number, 1, "ResponseComplete", 0) for number in range(20)])
    lines = [request(number, 0, "access log", 7200 if number % 2 else 7201) for number in range(10)]
    with Tables() as other:
        other.append(lines)
        columns, rows = other.select("SELECT audit_id, file, verb, resource, name, code, finished FROM rows")
    values = ", ".join(str(row) for row in rows)
    tables.run(
        f'CREATE VIEW accesses AS SELECT *, NULL AS "group", NULL AS subresource, NULL AS namespace, NULL AS uri,'
        f" NULL AS user_agent, NULL AS source FROM (VALUES {values}) AS v({', '.join(columns)})"
    )
    (offset,) = clocks(tables, prepare(tables))
    assert (offset.source, offset.reference, offset.pairs) == ("a.log", "audit.log", 10)
    assert offset.basis == ("audit ID" if by_id else "same request")
    assert offset.offset_s == pytest.approx(7200.5)
    assert offset.spread_s == pytest.approx(0.5)


def test_the_real_logs_show_the_limiter_and_one_clock() -> None:
    folder = shared_data("real-apiserver", "1.13.5")
    with Tables() as tables:
        read([str(folder / name) for name in ("apiserver.log.gz", "audit.log.gz")], tables=tables)
        scope = prepare(tables)
        found, offsets = logs(tables, scope), clocks(tables, scope)
    assert found is not None
    (client,) = found.limited
    assert client.rate == 50
    assert client.objects == (("get serviceaccounts", 725, 505), ("get secrets", 499, 346))
    (offset,) = offsets
    assert offset.pairs > 1000
    assert abs(offset.offset_s) < 0.001
