"""Audit events reach their collector in batches, late, again, or never, as Kubernetes' backends have it."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.ingest import read
from snowpit.knowledge.version import Version
from snowpit.lab import virtual
from snowpit.lab.around.collector import ADDRESS, Collector
from snowpit.lab.clock import Clock
from snowpit.lab.conduct import on_sockets, playing
from snowpit.lab.conduct.in_memory import rehearse
from snowpit.lab.evidence.webhook import Webhook
from snowpit.lab.network.memory import MemoryNetwork
from snowpit.lab.setup import Auditing, AuditWebhook
from snowpit.lab.wire import Request, Response
from snowpit.model.evidence import FileCoverage
from snowpit.store import Tables
from support.lab_sockets import alone

EPOCH = 1_767_225_600_000_000


def webhook_of(hook: AuditWebhook, network: MemoryNetwork, version: str = "1.12.4") -> Webhook:
    chance = Random(1)  # noqa: S311 - a simulation
    return Webhook(hook, network, Clock(0.0, EPOCH), version=Version.parse(version), chance=chance)


class Sent(NamedTuple):
    """What a collector got: when, how many events, and the list's version; and what was lost on the way."""

    batches: list[tuple[float, int]]
    version: str
    lost: Counter[str]


def sent(
    events: Sequence[tuple[float, int]],
    replies: Sequence[int] = (),
    *,
    version: str = "1.12.4",
    for_s: float = 300.0,
    **flags: Any,
) -> Sent:
    """Offer so many events at these times to a webhook whose collector replies with these codes, then with 200."""
    batches: list[tuple[float, int]] = []
    versions = set()
    codes = iter(replies)

    async def collector(request: Request) -> Response:
        found = json.loads(request.body)
        versions.add(found["apiVersion"])
        batches.append((round(asyncio.get_running_loop().time(), 3), len(found["items"])))
        return Response(next(codes, 200))

    async def main() -> Counter[str]:
        network = MemoryNetwork({})
        network.attach(ADDRESS, collector)
        hook = AuditWebhook(address=ADDRESS, **flags)
        webhook = webhook_of(hook, network, version)
        now = 0.0
        for at, number in events:
            await asyncio.sleep(at - now)
            now = at
            for _ in range(number):
                webhook.offer(b'{"auditID":"x"}')
        await asyncio.sleep(for_s - now)
        webhook.drop()
        return webhook.lost

    lost = virtual.run(main())
    return Sent(batches, versions.pop() if versions else "", lost)


def test_a_batch_leaves_when_it_is_full_or_its_time_is_over() -> None:
    found = sent([(1.0, 1000), (100.0, 1)])
    assert found.batches == [(1.0, 400), (1.0, 400), (31.0, 200), (121.0, 1)]
    assert not found.lost


def test_the_throttle_lets_a_burst_pass_and_then_ten_a_second() -> None:
    times = [at for at, _ in sent([(1.0, 2000)], size=100).batches]
    assert times == [1.0] * 15 + [1.1, 1.2, 1.3, 1.4, 1.5]


def test_what_does_not_fit_into_the_buffer_is_lost_and_counted() -> None:
    found = sent([(1.0, 100), (1.05, 100)], buffer=50, size=10, burst=1)
    assert found.lost == {"buffered": 200 - sum(number for _, number in found.batches)}
    assert found.lost["buffered"] >= 100


@pytest.mark.parametrize(
    ("version", "code", "tries", "lost"),
    [
        ("1.12.4", 500, 5, 3),
        ("1.12.4", 404, 1, 3),
        ("1.17.0", 404, 5, 3),
        ("1.12.4", 200, 1, 0),
    ],
)
def test_a_refused_batch_is_tried_again_by_version(version: str, code: int, tries: int, lost: int) -> None:
    found = sent([(0.0, 3)], [code] * 5, version=version, size=3)
    assert [number for _, number in found.batches] == [3] * tries
    assert found.lost["webhook"] == lost
    gaps = [later - sooner for (sooner, _), (later, _) in zip(found.batches, found.batches[1:], strict=False)]
    for gap, base in zip(gaps, (10.0, 15.0, 22.5, 33.75), strict=False):
        assert base <= gap <= 1.2 * base


def test_a_slow_try_does_not_hold_up_the_next_batch() -> None:
    found = sent([(0.0, 1), (5.0, 1)], [503], version="1.17.0", size=1)
    assert [number for _, number in found.batches] == [1, 1, 1]
    assert found.batches[1][0] == 5.0


@pytest.mark.parametrize(("version", "api"), [("1.12.4", "v1beta1"), ("1.13.0", "v1"), ("1.34.0", "v1")])
def test_lists_are_of_the_version(version: str, api: str) -> None:
    assert sent([(0.0, 1)], version=version).version == f"audit.k8s.io/{api}"


def test_blocking_sends_each_event_alone_and_gives_what_to_wait_for() -> None:
    async def main() -> tuple[bool, int]:
        network = MemoryNetwork({})
        posted: list[Request] = []

        async def slow(request: Request) -> Response:
            posted.append(request)
            await asyncio.sleep(2.0)
            return Response(200)

        network.attach(ADDRESS, slow)
        hook = AuditWebhook(address=ADDRESS, mode="blocking")
        webhook = webhook_of(hook, network)
        waits = [webhook.offer(b"{}") for _ in range(3)]
        assert None not in waits
        await asyncio.gather(*[wait for wait in waits if wait is not None])
        return asyncio.get_running_loop().time() == 2.0, len(posted)

    assert virtual.run(main()) == (True, 3)


def test_what_is_left_at_the_end_is_sent(tmp_path: Path) -> None:
    async def main() -> int:
        clock, network = Clock(0.0, EPOCH), MemoryNetwork({})
        collector = Collector(tmp_path, clock)
        network.attach(ADDRESS, collector.handle)
        hook = AuditWebhook(address=ADDRESS, size=4)
        webhook = webhook_of(hook, network)
        for number in range(9):
            webhook.offer(b'{"auditID":"%d"}' % number)
        await asyncio.sleep(1.0)
        webhook.offer(b'{"auditID":"9"}')
        await webhook.close()
        collector.close()
        return collector.events

    assert virtual.run(main()) == 10
    lists = [
        json.loads(line) for line in (tmp_path / "audit-webhook" / "audit.json").read_text().splitlines()
    ]
    assert [item["auditID"] for one in lists for item in one["items"]] == [str(i) for i in range(10)]


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("POST", b'{"kind":"EventList","items":[]}', 200),
        ("GET", b"", 405),
        ("POST", b"\x00{", 400),
        ("POST", b"[1]", 400),
        ("POST", b'{"kind":"Pod","items":[]}', 400),
        ("POST", b'{"kind":"EventList","items":7}', 400),
    ],
)
def test_the_collector_takes_lists_of_events_alone(
    tmp_path: Path, method: str, body: bytes, status: int
) -> None:
    async def main() -> int:
        collector = Collector(tmp_path, Clock(0.0, EPOCH))
        response = await collector.handle(Request(method=method, path="/audit", body=body))
        collector.close()
        return response.status

    assert virtual.run(main()) == status


def incident(horizon: str) -> Scenario:
    return scaled(load("healthy-1.12", overrides=(f"horizon={horizon}", "bin=1s")), 0.02)


def ids(path: Path) -> list[tuple[str, str]]:
    """Audit ids and stages of events, in lists or alone."""
    found = [json.loads(line) for line in path.read_text().splitlines()]
    items = [item for one in found for item in one.get("items", [one])]
    return sorted((item["auditID"], item["stage"]) for item in items)


def covered(path: Path) -> FileCoverage:
    """How snowpit reads a file."""
    with Tables() as tables:
        return read([str(path)], tables=tables).files[0]


@pytest.mark.parametrize("mode", ["batch", "blocking"])
def test_a_labs_collector_gets_every_event_and_snowpit_reads_it(tmp_path: Path, mode: str) -> None:
    auditing = Auditing(webhook=AuditWebhook(address=ADDRESS, mode=mode))
    rehearse(incident("100s"), seed=1, folder=tmp_path, auditing=auditing)
    log, lists = tmp_path / "apiserver-0" / "audit.log", tmp_path / "audit-webhook" / "audit.json"
    assert ids(log) == ids(lists)
    alone = [covered(path) for path in (log, lists)]
    assert alone[0].events == alone[1].events
    assert not any(file.rejected for file in alone)
    manifest = (tmp_path / "configuration" / "kube-apiserver-0.yaml").read_text()
    assert f"--audit-webhook-mode={mode}" in manifest


def test_a_collector_on_sockets_gets_what_is_left_when_a_server_ends(tmp_path: Path) -> None:
    auditing = Auditing(webhook=AuditWebhook(address=ADDRESS, size=20))
    with alone():
        on_sockets.rehearse(incident("8s"), seed=1, folder=tmp_path, auditing=auditing)
    found = ids(tmp_path / "audit-webhook" / "audit.json")
    assert found == ids(tmp_path / "apiserver-0" / "audit.log")
    assert len(found) > 20


def test_a_policy_decides_what_is_sent(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
        "- {level: Request, resources: [{group: authentication.k8s.io}]}\n- {level: None}\n"
    )
    folder = tmp_path / "lab"
    auditing = Auditing(policy=policy, webhook=AuditWebhook(address=ADDRESS))
    rehearse(incident("100s"), seed=1, folder=folder, auditing=auditing)
    lists = (folder / "audit-webhook" / "audit.json").read_text().splitlines()
    items = [item for line in lists for item in json.loads(line)["items"]]
    assert {(item["objectRef"]["resource"], item["level"]) for item in items} == {("tokenreviews", "Request")}


def test_a_collector_that_is_away_costs_events_and_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens there, so each batch is given up after five tries in two minutes."""
    auditing = Auditing(webhook=AuditWebhook(address="127.15.0.2:9443", size=50, backoff_s=1.0))
    with monkeypatch.context() as patched:
        patched.setattr(playing, "_collector", lambda *_: None)
        rehearse(incident("130s"), seed=1, folder=tmp_path, auditing=auditing)
    newest = max((tmp_path / "apiserver-0").glob("metrics-*.prom")).read_text()
    (lost,) = [line for line in newest.splitlines() if line.startswith("apiserver_audit_error_total")]
    assert lost.startswith('apiserver_audit_error_total{plugin="webhook"} ')
    assert float(lost.rpartition(" ")[2]) >= 50
    log = (tmp_path / "apiserver-0" / "apiserver.log").read_text()
    assert (
        "Error in audit plugin 'webhook' affecting 50 audit events: Post https://127.15.0.2:9443/audit" in log
    )
    assert '--audit-webhook-mode="batch"' in log
