"""/metrics of a lab's server beside dumps of real servers of the same version: families, types, labels and bounds."""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from snowpit.lab import virtual
from snowpit.lab.wire import Certificate, Credential, Response
from support.lab_server import ADDRESS, Bench
from support.shared import shared_data

NEW_RELIC, DATADOG = "newrelic__nri-kubernetes", "khulnasoft__integrations-core"
DUMPS = {
    "1.13.5": ("real-apiserver", "1.13.5", "metrics-after.prom"),
    "1.15.0": ("metrics-apiserver", DATADOG, "metrics_1.15.0.prom"),
    "1.16.15": ("metrics-apiserver", NEW_RELIC, "api-server_1_16.prom"),
    "1.19.16": ("metrics-apiserver", NEW_RELIC, "api-server_1_19.prom"),
    "1.20.15": ("metrics-apiserver", NEW_RELIC, "api-server_1_20.prom"),
    "1.22.17": ("metrics-apiserver", NEW_RELIC, "api-server_1_22.prom"),
    "1.24.17": ("metrics-apiserver", NEW_RELIC, "api-server_1_24.prom"),
    "1.25.13": ("metrics-apiserver", NEW_RELIC, "api-server_1_25.prom"),
    "1.27.4": ("metrics-apiserver", DATADOG, "metrics_1.27.0.prom"),
    "1.28.3": ("metrics-apiserver", NEW_RELIC, "api-server_1_28.prom"),
    "1.31.0": ("metrics-apiserver", NEW_RELIC, "api-server_1_31.prom"),
    "1.33.0": ("metrics-apiserver", NEW_RELIC, "api-server_1_33.prom"),
    "1.34.0": ("metrics-apiserver", NEW_RELIC, "api-server_1_34.prom"),
}

NOT_YET_HAPPENED = {
    "apiserver_audit_level_total": "audit is off",
    "apiserver_dropped_requests": "nothing was refused",
    "apiserver_dropped_requests_total": "nothing was refused",
    "apiserver_request_terminations_total": "nothing was cut short",
    "apiserver_request_post_timeout_total": "no request outlasted its time",
}
"""Families of the lab that a recorded server of the same version does not show, and why."""

EDITED = {("1.15.0", "apiserver_dropped_requests_total")}
"""Families to which somebody gave the labels of another one in the dump."""

LACKING = {
    r"go_.*|promhttp_.*|http_.*|process_.*|.*version_info": "of the Go runtime and the machine",
    r"apiserver_admission_.*|pod_security_.*|field_validation_.*|apiserver_cel_.*|apiserver_validation_.*": "no admission",
    r"workqueue_.*|.*_(adds|depth|retries|queue_latency|work_duration|unfinished_work_seconds"
    r"|longest_running_processor_microseconds)|leader_election_.*|node_collector.*": "no controllers",
    r"aggregator_.*|autoregister_.*|apiextensions_.*|apiserver_kube_aggregator_.*|kube_aggregator_.*": "no aggregation",
    r"kube_apiserver_.*|apiserver_(clusterip|nodeport)_.*": "no allocation of addresses",
    r"apiserver_(storage|envelope|encryption)_.*(key|envelope|encryption).*|apiserver_encryption_.*": "no encryption at rest",
    r"etcd_(helper|request_cache|db|lease|bookmark)_.*|apiserver_storage_(db|size|events).*|grpc_.*": "no etcd",
    r"apiserver_(watch_cache|cache_list|storage_list|init_events|watch_list|watch_events|resource_size).*|watch_cache_.*"
    r"|reflector_.*": "no watch cache",
    r"apiserver_flowcontrol_(dispatch_r|latest_s|next_.*|target_seats|seat_fair_frac)": "inside of the algorithm",
    r"apiserver_flowcontrol_(.*_(samples|watermarks|utilization|current_requests)|demand_seats)": "histograms over time",
    r"apiserver_(request_body_size_bytes|request_timestamp_comparison_time|requested_deprecated_apis"
    r"|request_aborts_total|tls_handshake_errors_total|client_certificate_expiration_seconds)": "not counted by a lab",
    r"apiserver_webhooks_.*|get_token_.*|ssh_.*|rest_client_(exec|transport|request_size|response_size).*": "of other clients",
    r"(disabled|hidden|registered)_metrics?_total|cardinality_.*|kubernetes_feature_enabled": "of the metrics library",
    r"node_authorizer_.*|APIServiceRegistrationController_.*|AvailableConditionController_.*|.*Controller_.*": "inside of parts",
}
"""Families of real servers that the lab lacks, and why."""


class Dump(NamedTuple):
    types: Mapping[str, str]
    labels: Mapping[str, set[frozenset[str]]]
    bounds: Mapping[str, set[str]]


def parsed(text: str) -> Dump:
    types = {line.split()[2]: line.split()[3] for line in text.splitlines() if line.startswith("# TYPE")}
    labels: dict[str, set[frozenset[str]]] = {}
    bounds: dict[str, set[str]] = {}
    for line in text.splitlines():
        name = re.split(r"[{ ]", line, maxsplit=1)[0]
        family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in types else name
        if family not in types:
            continue
        pairs = dict(re.findall(r'[{,]([A-Za-z_]+)="((?:[^"\\]|\\.)*)"', line))
        bounds.setdefault(family, set()).update(pairs.pop(key) for key in ("le", "quantile") if key in pairs)
        labels.setdefault(family, set()).add(frozenset(pairs))
    return Dump(types, labels, bounds)


async def _busy(bench: Bench) -> bytes:
    """Each kind of request once, and what /metrics shows afterwards."""
    admin = Credential(certificate="admin")
    bench.network.certificates["node"] = Certificate("system:node:n0", ("system:nodes",), "kubernetes")

    async def ask(method: str, target: str, who: Credential = admin, body: bytes = b"") -> Response:
        headers = {"content-type": "application/json", "user-agent": "kubectl/v1"}
        return await bench.network.send(ADDRESS, method, target, credential=who, headers=headers, body=body)

    token = bench.account("sa-0")
    assert (await bench.review(token)).status in (201, 404)
    await ask("GET", "/api/v1/nodes", Credential(token=token))
    await ask("GET", "/api/v1/nodes", Credential(certificate="node"))
    await ask("GET", "/api/v1/namespaces/kube-system")
    await ask("GET", "/healthz")
    node = b'{"apiVersion":"v1","kind":"Node","metadata":{"name":"n0"}}'
    assert (await ask("POST", "/api/v1/nodes", body=node)).status == 201
    watch = await ask("GET", "/api/v1/nodes?watch=true&timeoutSeconds=5")
    assert watch.stream is not None
    assert [chunk async for chunk in watch.stream]
    kubelet = Credential(certificate="node")
    both = await asyncio.gather(*(bench.review(bench.account(f"sa-{i}"), kubelet) for i in (1, 2)))
    assert {one.status for one in both} <= {201, 429}
    gone = bench.signer.legacy("bench", "gone", "gone", "uid")
    assert (await ask("GET", "/api/v1/nodes", Credential(token=gone))).status == 401
    bench.server.slow(1e5)
    assert (await ask("GET", "/api/v1/namespaces/kube-system")).status == 504
    bench.server.slow(1.0)
    await asyncio.sleep(600)
    shown = await ask("GET", "/metrics")
    bench.evidence.close()
    return shown.body


@cache
def lab(version: str, folder: Path) -> Dump:
    async def main() -> bytes:
        return await _busy(Bench(version, {"max_mutating_requests_inflight": 1}, folder=folder))

    return parsed(virtual.run(main()).decode())


@pytest.fixture(name="ours")
def _ours(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Dump]:
    return lambda version: lab(version, tmp_path_factory.getbasetemp() / f"recorded-{version}")


@cache
def real(version: str) -> Dump:
    return parsed(shared_data(*DUMPS[version]).read_text("utf-8", "replace"))


@pytest.mark.parametrize("version", DUMPS)
def test_families_have_the_type_labels_and_bounds_of_a_real_server(
    version: str, ours: Callable[[str], Dump]
) -> None:
    found, recorded = ours(version), real(version)
    shared = found.types.keys() & recorded.types.keys()
    assert {name: found.types[name] for name in shared} == {name: recorded.types[name] for name in shared}
    for name in shared & recorded.labels.keys() - {family for of, family in EDITED if of == version}:
        assert found.labels[name] <= recorded.labels[name], name
        assert found.bounds[name] == recorded.bounds[name], name


@pytest.mark.parametrize("version", DUMPS)
def test_what_only_the_lab_shows_has_its_reason(version: str, ours: Callable[[str], Dump]) -> None:
    assert ours(version).types.keys() - real(version).types.keys() <= NOT_YET_HAPPENED.keys()


@pytest.mark.parametrize("version", DUMPS)
def test_what_only_real_servers_show_has_its_reason(version: str, ours: Callable[[str], Dump]) -> None:
    lacking = real(version).types.keys() - ours(version).types.keys()
    assert {name for name in lacking if not any(re.fullmatch(rule, name) for rule in LACKING)} == set()


def test_no_reason_is_without_a_family(ours: Callable[[str], Dump]) -> None:
    extra = {name for version in DUMPS for name in ours(version).types.keys() - real(version).types.keys()}
    assert NOT_YET_HAPPENED.keys() <= extra
    names = {name for version in DUMPS for name in real(version).types}
    assert [rule for rule in LACKING if not any(re.fullmatch(rule, name) for name in names)] == []
