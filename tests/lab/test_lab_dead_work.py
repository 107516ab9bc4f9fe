"""Look-ups that nobody waits for any more: the lab sees as many of them as the simulator, second by second."""

import asyncio
from dataclasses import replace

import pytest

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.lab import virtual
from snowpit.lab.wire import Certificate, Credential
from snowpit.simulate import simulate
from support.lab_server import Bench

REQUESTS, BURST_AT_S, UNTIL_S = 1200, 10, 80
SECONDS = range(1, UNTIL_S + 1)


def scenario() -> Scenario:
    """1,200 reviews of distinct tokens at once: the handler limit of 30 s cuts off what the limiter delays."""
    fixed = ("loopback_read_sigma=0", "clients.reviewers.service=0s", "clients.reviewers.network=0s")
    found = load(
        "real-apiserver-burst-1000-distinct",
        overrides=(
            *fixed,
            f"horizon={UNTIL_S}s",
            f"max_mutating_requests_inflight={REQUESTS}",
            f"clients.reviewers.count={REQUESTS}",
            f"clients.reviewers.reviewed.count={REQUESTS}",
        ),
    )
    burst = replace(found.events[0], settings={**found.events[0].settings, "requests": REQUESTS})
    return replace(found, events=(burst,))


async def _rehearsed(found: Scenario) -> list[float]:
    kept = ("max_mutating_requests_inflight", "loopback_read_s")
    bench = Bench("1.13.5", {name: found.plane.values[name].value for name in kept})
    bench.network.certificates["node"] = Certificate("system:node:n0", ("system:nodes",), "kubernetes")
    tokens = [bench.account(f"sa-{i}") for i in range(REQUESTS)]
    node = Credential(certificate="node")

    async def burst() -> list[int]:
        await asyncio.sleep(BURST_AT_S)
        return [one.status for one in await asyncio.gather(*(bench.review(one, node) for one in tokens))]

    answers = asyncio.ensure_future(burst())
    seen = []
    for second in SECONDS:
        await asyncio.sleep(second - bench.clock.now())
        seen.append(float(bench.server.status()["dead_work"]))
    assert {201, 504} == set(await answers)
    return seen


def test_work_goes_on_for_requests_that_were_answered_with_504() -> None:
    found = scenario()
    ours = virtual.run(_rehearsed(found))
    theirs = simulate(found, seed=1).samples.servers[0]["dead_work"]
    assert max(ours) > REQUESTS / 2
    assert ours[-1] == 0.0
    assert ours == pytest.approx(list(theirs)[: len(ours)], abs=1.0)
