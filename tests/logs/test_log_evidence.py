"""Real component logs, read whole."""

import pytest

from support.component_logs import accounted, read_paths
from support.shared import shared_data

KLOGS = (
    "klog/openshift__insights-operator/kubelet-journal.log",
    "klog/sysdiglabs__aks-audit-log/aks-apiserver-httplog.part1.csv",
    "klog/vmware-tanzu__sonobuoy/e2e-1.21.1.log",
    "klog/vmware-tanzu__sonobuoy/journald-1.21.1-kind-quick.jsonl",
    "klog/vmware-tanzu__sonobuoy/journald-1.8.4-node-b.jsonl",
    "real-apiserver/1.13.5/apiserver.log.gz",
)


@pytest.mark.parametrize("name", KLOGS)
def test_a_real_log_is_read_without_a_reject(name: str) -> None:
    coverage = read_paths([str(shared_data(*name.split("/")))]).coverage
    assert coverage.kind.startswith("component log")
    assert coverage.first is not None
    assert coverage.last is not None
    assert coverage.first < coverage.last
    assert not coverage.rejected
    assert accounted(coverage)


def test_the_access_log_of_aks_gives_its_requests() -> None:
    found = read_paths(
        [str(shared_data("klog", "sysdiglabs__aks-audit-log", "aks-apiserver-httplog.part1.csv"))]
    )
    assert len(found.requests) == 4378
    assert all(row["verb"] and row["finished"] > row["received"] for row in found.requests)
    assert sum(row["source"] is not None and row["user_agent"] is not None for row in found.requests) > 4300
    assert {row["code"] for row in found.requests} >= {200, 201, 404}
    assert [row["kind"] for row in found.lines] == ["audit_failed"] * 4


def test_the_log_of_the_incident_gives_waits_traces_and_flags() -> None:
    found = read_paths([str(shared_data("real-apiserver", "1.13.5", "apiserver.log.gz"))])
    kinds = [row["kind"] for row in found.lines]
    assert (kinds.count("throttled"), kinds.count("trace"), kinds.count("started")) == (1224, 807, 1)
    assert len(found.requests) == 4330
    assert found.coverage.versions == ("1.13.5",)
    flags = {row["key"]: row["value"] for row in found.settings}
    assert flags["authentication-token-webhook-cache-ttl"] == "2m0s"
    timed_out = [row for row in found.requests if row["code"] == 504]
    assert len(timed_out) == 201
    assert all(row["user_agent"] == "kubelet/sim" for row in timed_out)


def test_requests_of_an_audit_log_and_an_access_log_are_counted_once() -> None:
    folder = shared_data("real-apiserver", "1.13.5")
    paths = [str(folder / name) for name in ("apiserver.log.gz", "audit.log.gz")]
    found = read_paths(paths)
    assert len(found.requests) == 4330
    assert 0 < found.coverage.kept < 1000
    assert found.coverage.skipped == {"access lines beside an audit log": 4330 - found.coverage.kept}
