"""What /metrics of a lab's server says after requests whose fate is known, release by release."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from snowpit.lab import virtual
from snowpit.lab.wire import Certificate, Credential, Response
from support.lab_server import ADDRESS, Bench

Work = Callable[[Bench], Awaitable[None]]
ADMIN, NODE = Credential(certificate="admin"), Credential(certificate="node")


def shown(version: str, folder: Path, work: Work, **changes: int) -> dict[str, float]:
    """Samples of /metrics by name and labels, after some work."""

    async def main() -> bytes:
        bench = Bench(version, changes, folder=folder)
        bench.network.certificates["node"] = Certificate("system:node:n0", ("system:nodes",), "kubernetes")
        await work(bench)
        found = await ask(bench, "/metrics", ADMIN)
        bench.evidence.close()
        return found.body

    lines = virtual.run(main()).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}


async def ask(bench: Bench, target: str, who: Credential = NODE) -> Response:
    return await bench.network.send(ADDRESS, "GET", target, credential=who)


def total(samples: dict[str, float], name: str, **labels: str) -> float:
    """Sum of a family over all series with these labels."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(
        value
        for series, value in samples.items()
        if re.split(r"[{]", series)[0] == name and all(one in series for one in wanted)
    )


async def outlasted(bench: Bench) -> None:
    """A read that outlasts the outer limit of 60 s, and ends after 100 s or so."""
    bench.server.slow(1e5)
    assert (await ask(bench, "/api/v1/nodes")).status == 504
    await asyncio.sleep(500)


@pytest.mark.parametrize(
    ("version", "count"), [("1.12.4", 1.0), ("1.15.0", 1.0), ("1.17.0", 0.0), ("1.28.0", 0.0)]
)
def test_to_1_16_a_read_cut_off_at_60_s_counts_with_a_duration_of_0(
    version: str, count: float, tmp_path: Path
) -> None:
    samples = shown(version, tmp_path, outlasted)
    old = total(samples, "apiserver_request_latencies_bucket", verb="LIST", le="125000")
    assert old == count
    ended = total(samples, "apiserver_request_terminations_total", code="504")
    assert ended == 1.0 - count
    assert total(samples, "apiserver_request_post_timeout_total") == (1.0 if version == "1.28.0" else 0.0)


async def burst(bench: Bench) -> None:
    """Sixty reads at once that take a second each, of which one has a seat of its own."""
    bench.server.slow(1.0 / (bench.plane.number("loopback_read_s") or 1.0))
    await asyncio.gather(*(ask(bench, "/api/v1/nodes") for _ in range(60)))


@pytest.mark.parametrize("version", ["1.20.0", "1.22.0", "1.26.0", "1.28.0", "1.34.0"])
def test_fates_under_priority_and_fairness_add_up(version: str, tmp_path: Path) -> None:
    samples = shown(version, tmp_path, burst, max_requests_inflight=1, max_mutating_requests_inflight=1)
    what = {"priority_level": "system" if version == "1.20.0" else "node-high"}
    flow = "apiserver_flowcontrol_"
    dispatched = total(samples, f"{flow}dispatched_requests_total", **what)
    refused = total(samples, f"{flow}rejected_requests_total", reason="time-out", **what)
    assert dispatched + refused == 60.0
    assert 10.0 < dispatched < 30.0, "one seat, a second each, and a wait of 15 s at most"
    assert total(samples, f"{flow}request_wait_duration_seconds_count", execute="true", **what) == dispatched
    assert total(samples, f"{flow}request_wait_duration_seconds_count", execute="false", **what) == refused
    assert total(samples, f"{flow}request_execution_seconds_count", **what) == dispatched
    assert total(samples, f"{flow}current_executing_requests", **what) == 0.0
    seats = total(samples, f"{flow}nominal_limit_seats", **what)
    assert seats == (1.0 if version >= "1.26" else 0.0)


async def watched(bench: Bench) -> None:
    """A watch that has ended, and one that is open."""
    over = await ask(bench, "/api/v1/nodes?watch=true&timeoutSeconds=5", ADMIN)
    assert over.stream is not None
    async for _ in over.stream:
        pass
    still = await ask(bench, "/api/v1/pods?watch=true", ADMIN)
    assert still.stream is not None
    asyncio.ensure_future(_drain(still)).add_done_callback(lambda task: task.cancelled() or task.result())
    await asyncio.sleep(1)


async def _drain(response: Response) -> None:
    assert response.stream is not None
    async for _ in response.stream:
        pass


@pytest.mark.parametrize(
    ("version", "name", "code"),
    [
        ("1.13.5", "apiserver_request_count", "200"),
        ("1.19.0", "apiserver_request_total", "0"),
        ("1.28.0", "apiserver_request_total", "200"),
    ],
)
def test_a_watch_counts_as_running_until_it_ends_and_as_a_request_then(
    version: str, name: str, code: str, tmp_path: Path
) -> None:
    samples = shown(version, tmp_path, watched)
    gauge = "apiserver_longrunning_requests" if version == "1.28.0" else "apiserver_longrunning_gauge"
    assert total(samples, gauge, resource="pods", verb="WATCH") == 1.0
    assert total(samples, gauge, resource="nodes", verb="WATCH") == 0.0
    assert total(samples, name, verb="WATCH", code=code) == 1.0
    assert total(samples, name, verb="WATCH") == 1.0


async def reviewed(bench: Bench) -> None:
    """Two legacy tokens that are good and one that is not."""
    for number in range(2):
        await bench.review(bench.account(f"sa-{number}"))
    await bench.review(bench.signer.legacy("bench", "gone", "gone", "uid"))


@pytest.mark.parametrize("version", ["1.19.0", "1.29.0"])
def test_tokens_count_by_their_kind(version: str, tmp_path: Path) -> None:
    samples = shown(version, tmp_path, reviewed)
    assert total(samples, "serviceaccount_legacy_tokens_total") == 2.0
    assert total(samples, "serviceaccount_valid_tokens_total") == 0.0
    assert total(samples, "authentication_token_cache_fetch_total", status="ok") == 2.0
    assert total(samples, "authentication_token_cache_fetch_total", status="error") >= 1.0
    tracked = total(samples, "serviceaccount_legacy_manual_token_uses_total")
    assert tracked == (2.0 if version == "1.29.0" else 0.0)
