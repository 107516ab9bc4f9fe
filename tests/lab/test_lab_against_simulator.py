"""The lab, the simulator and the mechanism alone tell the same instants of recorded experiments, to the microsecond."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.lab import virtual
from snowpit.lab.wire import Certificate, Credential
from snowpit.mechanism import token_bucket
from snowpit.model.request import STORED
from snowpit.simulate import simulate
from snowpit.simulate.rows import START
from support.lab_server import Bench

NAMES = [column.name for column in STORED]
Seen = list[tuple[int, int]]
"""µs since the start and status of each answer, in order."""

CONSTANT = ("loopback_read_sigma=0", "clients.reviewers.service=0s", "clients.reviewers.network=0s")
CARRIED = (
    "max_mutating_requests_inflight",
    "loopback_read_s",
    "service_account_lookup",
    "token_cache_success_ttl_s",
)
BURST_AT_S = 10.0
READ_S = 0.0022


def simulated(name: str, *more: str) -> Seen:
    """Answers to TokenReviews in the simulator."""
    found: Seen = []

    def keep(rows: list[tuple[object, ...]]) -> None:
        for row in rows:
            told = dict(zip(NAMES, row, strict=True))
            if told["resource"] == "tokenreviews":
                found.append((int(str(told["finished"])) - START, int(str(told["code"]))))

    simulate(load(name, overrides=(*CONSTANT, *more)), seed=1, keep_requests=keep)
    return sorted(found)


def rehearsed(scenario: Scenario, work: Callable[[Bench], Awaitable[Seen]]) -> Seen:
    """Answers in the lab."""

    async def main() -> Seen:
        values = scenario.plane.values
        changes = {name: values[name].value for name in CARRIED}
        return sorted(await work(Bench(str(scenario.plane.version), changes)))

    return virtual.run(main())


def burst(requests: int, *, distinct: bool, masters: bool = False) -> Callable[[Bench], Awaitable[Seen]]:
    async def work(bench: Bench) -> Seen:
        bench.network.certificates["node"] = Certificate("system:node:n0", ("system:nodes",), "kubernetes")
        who = Credential(certificate="admin" if masters else "node")
        tokens = [bench.account(f"sa-{i if distinct else 0}") for i in range(requests if distinct else 1)]
        await asyncio.sleep(BURST_AT_S)

        async def one(number: int) -> tuple[int, int]:
            response = await bench.review(tokens[number % len(tokens)], who)
            return round(bench.clock.now() * 1e6), response.status

        return list(await asyncio.gather(*map(one, range(requests))))

    return work


@pytest.mark.parametrize("requests", [50, 200, 500, 1000])
@pytest.mark.parametrize("kind", ["distinct", "same"])
def test_a_burst_is_answered_at_the_instants_of_the_simulator(requests: int, kind: str) -> None:
    name = f"real-apiserver-burst-{requests}-{kind}"
    assert rehearsed(load(name), burst(requests, distinct=kind == "distinct")) == simulated(name)


def test_system_masters_pass_the_full_gate_at_the_instants_of_the_simulator() -> None:
    name = "real-apiserver-masters-500"
    found = rehearsed(load(name), burst(500, distinct=True, masters=True))
    assert found == simulated(name)
    assert {code for _, code in found} == {201}


def test_a_burst_is_answered_at_the_instants_of_the_mechanism_alone() -> None:
    bucket = token_bucket.full(100.0, BURST_AT_S)
    firsts: list[float] = []
    for _ in range(200):
        bucket, wait = token_bucket.reserve(bucket, 50.0, 100.0, BURST_AT_S)
        firsts.append(BURST_AT_S + wait + READ_S)
    ends: list[int] = []
    for instant in firsts:
        bucket, wait = token_bucket.reserve(bucket, 50.0, 100.0, instant)
        ends.append(round((instant + wait + READ_S) * 1e6))
    found = rehearsed(load("real-apiserver-burst-200-distinct"), burst(200, distinct=True))
    assert [instant for instant, _ in found] == ends


def one_client(think_s: float, until_s: float, *, kind: str = "") -> Callable[[Bench], Awaitable[Seen]]:
    """A client that asks for a review of one token, thinks, and asks again."""

    async def work(bench: Bench) -> Seen:
        token = bench.account("sa")
        if kind == "garbage":
            token = token[:-6] + "AAAAAA"
        elif kind == "deleted":
            await bench.store.delete("secrets", "bench", "sa-token", took=0.0)
        found: Seen = []
        while bench.clock.now() < until_s:
            response = await bench.review(token)
            found.append((round(bench.clock.now() * 1e6), response.status))
            await asyncio.sleep(think_s)
        return found

    return work


@pytest.mark.parametrize(
    ("name", "kind", "think_ms"),
    [
        ("cold", "", 95),
        ("cached", "", 100),
        ("cold-back-to-back", "", 0),
        ("deleted-token", "deleted", 0),
        ("garbage-token", "garbage", 10),
    ],
)
def test_reviews_one_by_one_are_answered_at_the_instants_of_the_simulator(
    name: str, kind: str, think_ms: int
) -> None:
    scenario, until_s = load(f"real-apiserver-{name}"), 20.0
    ours = rehearsed(scenario, one_client(think_ms / 1000, until_s, kind=kind))
    settings = f"clients.reviewers.think={think_ms}ms", f"horizon={until_s:.0f}s"
    theirs = simulated(f"real-apiserver-{name}", *settings)
    assert len(theirs) > 100
    assert ours[: len(theirs)] == theirs
    assert len(ours) - len(theirs) <= 1
