"""The debug dumps and headers of priority and fairness, as each release gives them."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from snowpit.ingest import read
from snowpit.lab import virtual
from snowpit.lab.api.fairness import GROUP
from snowpit.lab.wire import Certificate, Credential, Response
from snowpit.store import Tables
from support.lab_server import ADDRESS, Bench

DUMPS = ("dump_priority_levels", "dump_queues", "dump_requests")
VERSIONS = ["1.20.0", "1.22.0", "1.23.0", "1.26.0", "1.28.0", "1.34.0"]
USER = "client,\nx"
"""A hostile name."""

RBAC = "rbac.authorization.k8s.io"
TENANTS = {
    "apiVersion": f"{RBAC}/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "tenants"},
    "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": "tenants"}],
}


def dumped(version: str, folder: Path, name: str) -> list[list[str]]:
    """Rows of a dump while one level of one seat is full, and two requests wait."""

    async def main() -> bytes:
        changes = {"max_mutating_requests_inflight": 1, "max_requests_inflight": 1}
        bench = Bench(version, changes, folder=folder)
        groups = ("tenants", "system:authenticated")
        bench.network.certificates["client"] = Certificate(USER, groups, "kubernetes")
        bench.store.load([(f"clusterrolebindings.{RBAC}", TENANTS)], stamp=0)
        bench.server.slow(1000.0)
        waiting = [asyncio.ensure_future(ask(bench, "/api/v1/nodes", "client")) for _ in range(3)]
        await asyncio.sleep(0.1)
        found = await ask(bench, f"/debug/api_priority_and_fairness/{name}")
        await asyncio.gather(*waiting)
        bench.evidence.close()
        assert found.status == 200
        return found.body

    text = virtual.run(main())
    (folder / f"{name}.txt").write_bytes(text)
    return [[cell.strip() for cell in line.split(", ")] for line in text.decode().splitlines()]


async def ask(bench: Bench, target: str, who: str = "admin") -> Response:
    return await bench.network.send(ADDRESS, "GET", target, credential=Credential(certificate=who))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_level_tells_who_waits_and_executes(version: str, tmp_path: Path) -> None:
    head, *rows = dumped(version, tmp_path, "dump_priority_levels")
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    level = dict(zip(head, next(row for row in rows if row[0] == "global-default"), strict=True))
    told = {key: level[key] for key in ("ActiveQueues", "IsIdle", "WaitingRequests", "ExecutingRequests")}
    assert told == {"ActiveQueues": "2", "IsIdle": "false", "WaitingRequests": "2", "ExecutingRequests": "1"}
    assert ("DispatchedRequests" in head) == (version >= "1.26")
    exempt = next(row for row in rows if row[0] == "exempt")
    assert (exempt[1] == "<none>") == (version < "1.28")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_queue_tells_its_place_in_virtual_time(version: str, tmp_path: Path) -> None:
    head, *rows = dumped(version, tmp_path, "dump_queues")
    assert head[-1] == ("VirtualStart" if version < "1.23" else "TotalWorkSum")
    level = [tuple(row[2:4]) for row in rows if row[0] == "global-default"]
    assert Counter(level) == {("0", "1"): 1, ("1", "0"): 2, ("0", "0"): 125}, "a hand of six queues"


@pytest.mark.parametrize("version", VERSIONS)
def test_requests_are_told_one_by_one(version: str, tmp_path: Path) -> None:
    name = "dump_requests?includeRequestDetails=1"
    head, *rows = dumped(version, tmp_path, name)
    theirs = [row for row in rows if row[0] == "global-default"]
    assert len(theirs) == (2 if version < "1.28" else 3), "from 1.28 with the one that executes"
    assert sorted(row[3] for row in theirs) == (["0", "0"] if version < "1.28" else ["-1", "0", "0"])
    assert head[-8:] == [
        *("UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource")
    ]
    assert "2020-01-01T00:00:00Z" in theirs[0][5:]


@pytest.mark.parametrize("version", VERSIONS)
def test_all_three_are_read_back(version: str, tmp_path: Path) -> None:
    folder = tmp_path / "dumps"
    folder.mkdir()
    for name in DUMPS:
        dumped(version, tmp_path, name)
        (folder / f"{name}.txt").write_bytes((tmp_path / f"{name}.txt").read_bytes())
    with Tables() as tables:
        coverage = read([str(folder)], tables=tables)
        assert not [file for file in coverage.files if file.rejected], coverage
        waiting = tables.run(
            "SELECT value FROM settings WHERE document = 'dump_priority_levels' AND object = 'global-default'"
            " AND key = 'WaitingRequests'"
        )
    assert [row[0] for row in waiting] == ["2"]


def test_without_priority_and_fairness_there_are_no_dumps(tmp_path: Path) -> None:
    async def main() -> tuple[int, bool]:
        bench = Bench("1.19.0", folder=tmp_path)
        dump = await ask(bench, "/debug/api_priority_and_fairness/dump_queues")
        nodes = await ask(bench, "/api/v1/nodes")
        bench.evidence.close()
        return dump.status, any("PF" in name for name in nodes.headers)

    assert virtual.run(main()) == (404, False)


def test_headers_hold_the_uids_of_level_and_schema(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench("1.28.0", folder=tmp_path)
        found = await ask(bench, "/api/v1/nodes")
        bench.evidence.close()
        for resource, header in (
            ("flowschemas", "X-Kubernetes-PF-FlowSchema-UID"),
            ("prioritylevelconfigurations", "X-Kubernetes-PF-PriorityLevel-UID"),
        ):
            kept = await bench.store.get(f"{resource}.{GROUP}", "", "exempt")
            assert found.headers[header] == kept["metadata"]["uid"] != ""

    virtual.run(main())
