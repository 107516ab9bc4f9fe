"""The lab, the simulator and the mechanism alone tell the same instants of recorded experiments, to the microsecond."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from math import inf
from random import Random

import pytest

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.lab import virtual
from snowpit.lab.around.caller import Caller, Limiter
from snowpit.lab.around.tally import Tally
from snowpit.lab.wire import Certificate, Credential, Response
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
TOGETHER = ("clients.reviewers.retry.jitter=0",)
NODE = Credential(certificate="node")


def punctual(name: str, *more: str) -> Scenario:
    """A scenario in which whatever takes time takes the same time always."""
    return load(name, overrides=(*CONSTANT, *more))


def simulated(name: str, *more: str) -> Seen:
    """The same of a scenario by name."""
    return instants(punctual(name, *more))


def instants(scenario: Scenario) -> Seen:
    """Answers to TokenReviews in the simulator."""
    found: Seen = []

    def keep(rows: list[tuple[object, ...]]) -> None:
        for row in rows:
            told = dict(zip(NAMES, row, strict=True))
            if told["resource"] == "tokenreviews":
                found.append((int(str(told["finished"])) - START, int(str(told["code"]))))

    simulate(scenario, seed=1, keep_requests=keep)
    return sorted(found)


def rehearsed(scenario: Scenario, work: Callable[[Bench], Awaitable[Seen]]) -> Seen:
    """Answers in the lab."""

    async def main() -> Seen:
        values = scenario.plane.values
        changes = {name: values[name].value for name in CARRIED}
        bench = Bench(str(scenario.plane.version), changes)
        bench.network.certificates["node"] = Certificate("system:node:n0", ("system:nodes",), "kubernetes")
        return sorted(await work(bench))

    return virtual.run(main())


def burst(requests: int, *, distinct: bool, masters: bool = False) -> Callable[[Bench], Awaitable[Seen]]:
    async def work(bench: Bench) -> Seen:
        who = Credential(certificate="admin") if masters else NODE
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


def test_reviews_of_a_token_that_has_just_expired_are_answered_at_the_instants_of_the_simulator() -> None:
    """A first review at 0.5 s is kept for 10 s; 50 come at once at 10.6 s."""
    scenario, later_s = load("real-apiserver-burst-50-same"), 10.6

    async def work(bench: Bench) -> Seen:
        token, found = bench.account("sa-0"), list[tuple[int, int]]()

        async def one(_: int) -> None:
            response = await bench.review(token, NODE)
            found.append((round(bench.clock.now() * 1e6), response.status))

        await asyncio.sleep(0.5)
        await one(0)
        await asyncio.sleep(later_s - bench.clock.now())
        await asyncio.gather(*map(one, range(50)))
        return found

    (fifty,) = scenario.events
    first = replace(fifty, at_s=0.5, settings={**fifty.settings, "requests": 1})
    found = rehearsed(scenario, work)
    assert found == instants(replace(punctual(scenario.name), events=(first, replace(fifty, at_s=later_s))))
    assert found[1][0] - later_s * 1e6 > 2 * READ_S * 1e6 - 1, "the entry has expired"


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


@pytest.mark.parametrize("kind", ["distinct", "same"])
def test_a_retry_storm_goes_on_at_the_instants_of_the_simulator(kind: str) -> None:
    """Refused, each client comes again after the same second, so that the herd stays together."""
    name, clients = f"real-apiserver-retry-storm-{kind}", 1000

    async def work(bench: Bench) -> Seen:
        tokens = [bench.account(f"sa-{i}") for i in range(clients if kind == "distinct" else 1)]
        found: Seen = []
        await asyncio.sleep(BURST_AT_S)

        async def send(number: int) -> Response:
            response = await bench.review(tokens[number % len(tokens)], NODE)
            found.append((round(bench.clock.now() * 1e6), response.status))
            return response

        await asyncio.gather(
            *(again(scenario, bench, number).call(partial(send, number)) for number in range(clients))
        )
        return found

    scenario = load(name, overrides=TOGETHER)
    ours = rehearsed(scenario, work)
    assert ours == simulated(name, *TOGETHER)
    assert [status for _, status in ours].count(201) == clients


def again(scenario: Scenario, bench: Bench, number: int) -> Caller:
    """A client of the scenario that asks until it is answered."""
    (one,) = scenario.clients
    return Caller(
        one.retry,
        lambda: inf,
        Limiter(0.0, 1.0),
        tally=Tally(bench.clock, 1e9),
        clock=bench.clock,
        chance=Random(number),  # noqa: S311 - a simulation
    )
