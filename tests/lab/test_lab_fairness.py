"""Priority and fairness in the lab: who executes, waits or is refused, at the instants of the simulator."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.cluster.workload import Delay, Operation
from snowpit.lab import virtual
from snowpit.lab.api.info import request_info
from snowpit.lab.exchange import Exchange, User
from snowpit.lab.server.fairness import CONCURRENCY, QUEUE_FULL, TIME_OUT, Fairness
from snowpit.lab.setup import ServerSetup
from snowpit.lab.wire import Request
from snowpit.model.request import STORED
from snowpit.simulate import simulate
from snowpit.simulate.rows import START

NAMES = [column.name for column in STORED]
BURST_AT_S = 10.0
Seen = list[tuple[int, int]]
BURST = """
name = "burst"
horizon = "120s"
[control_plane]
version = "{version}"
loopback_read_sigma = 0
[heartbeats]
enabled = false
[[clients]]
name = "readers"
count = {requests}
credential = "certificate"
user = "reader-{{client}}"
groups = "system:authenticated"
arrivals = "none"
retry = {{ steps = 1 }}
operation = "{operation}"
service = "{service}s"
[[events]]
at = "10s"
action = "burst"
clients = "readers"
requests = {requests}
spread = "0s"
"""


def scenario(folder: Path, **values: object) -> Scenario:
    path = folder / "burst.toml"
    path.write_text(BURST.format(**values))
    return load(str(path))


def simulated(found: Scenario) -> Seen:
    seen: Seen = []

    def keep(rows: list[tuple[object, ...]]) -> None:
        for row in rows:
            told = dict(zip(NAMES, row, strict=True))
            seen.append((int(str(told["finished"])) - START, int(str(told["code"]))))

    simulate(found, seed=1, keep_requests=keep)
    return sorted(seen)


def rehearsed(found: Scenario, service_s: float, path: str, user: Callable[[int], User]) -> Seen:
    """The same burst at the lab's levels, each request holding its seats for the service time."""

    async def main() -> Seen:
        loop = asyncio.get_running_loop()
        levels = Fairness(setup(found))

        async def one(number: int) -> tuple[int, int]:
            item = exchange(path, user(number), number)
            refused = await levels.enter(item)
            if not refused:
                await asyncio.sleep(service_s)
                levels.leave(item)
            return round(loop.time() * 1e6), 429 if refused else 200

        await asyncio.sleep(BURST_AT_S)
        return sorted(await asyncio.gather(*map(one, range(found.clients[0].count))))

    return virtual.run(main())


def setup(found: Scenario, *services: Operation) -> ServerSetup:
    return ServerSetup(
        name="a",
        address="127.0.0.1:6443",
        plane=found.plane,
        levels=found.levels,
        pki=Path(),
        services=services,
    )


def exchange(path: str, user: User, number: int = 0) -> Exchange:
    item = Exchange(
        request=Request(method="GET", path=path),
        info=request_info("GET", path, {}),
        arrived=0.0,
        audit_id=str(number),
    )
    item.user = user
    return item


def reader(number: int) -> User:
    return User(f"reader-{number}", groups=("system:authenticated",))


@pytest.mark.parametrize("version", ["1.20.0", "1.22.0", "1.28.0"])
@pytest.mark.parametrize(("requests", "service"), [(30, 1.0), (120, 1.0), (300, 4.0)])
def test_a_burst_is_served_in_waves_at_the_instants_of_the_simulator(
    version: str, requests: int, service: float, tmp_path: Path
) -> None:
    found = scenario(
        tmp_path, version=version, requests=requests, service=service, operation="get pods in default"
    )
    ours = rehearsed(found, service, "/api/v1/namespaces/default/pods/x", reader)
    assert Counter(ours) == Counter(simulated(found))


def test_who_waits_longer_than_a_quarter_of_the_time_limit_is_refused(tmp_path: Path) -> None:
    found = scenario(tmp_path, version="1.22.0", requests=150, service=10.0, operation="get pods in default")
    ours = rehearsed(found, 10.0, "/api/v1/namespaces/default/pods/x", reader)
    assert Counter(ours) == Counter({(20_000_000, 200): 49, (30_000_000, 200): 49, (25_000_000, 429): 52})
    assert Counter(ours) == Counter(simulated(found))


async def refusals(found: Scenario, number: int, user: User) -> Counter[str]:
    levels = Fairness(setup(found))
    tasks = [asyncio.ensure_future(levels.enter(exchange("/api/v1/nodes/x", user, i))) for i in range(number)]
    await asyncio.sleep(60)
    return Counter(task.result() for task in tasks)


def test_one_flow_fills_its_hand_of_queues_and_is_refused_beyond(tmp_path: Path) -> None:
    found = scenario(tmp_path, version="1.22.0", requests=1, service=1.0, operation="get pods in default")
    told = virtual.run(refusals(found, 500, reader(0)))
    assert told == {"": 49, QUEUE_FULL: 500 - 49 - 6 * 50, TIME_OUT: 300}


def test_the_catch_all_level_has_no_queue_and_masters_are_exempt(tmp_path: Path) -> None:
    found = scenario(tmp_path, version="1.22.0", requests=1, service=1.0, operation="get pods in default")
    assert virtual.run(refusals(found, 20, User("nobody"))) == {"": 13, CONCURRENCY: 7}
    assert virtual.run(refusals(found, 900, User("root", groups=("system:masters",)))) == {"": 900}


def test_long_lists_take_more_seats_from_1_22(tmp_path: Path) -> None:
    found = scenario(tmp_path, version="1.22.0", requests=1, service=1.0, operation="get pods in default")
    asked = Operation(verb="list", resource="pods", namespace="default", objects=450, service=Delay())

    async def main() -> list[int]:
        levels, item = Fairness(setup(found, asked)), exchange("/api/v1/namespaces/default/pods", reader(1))
        await levels.enter(item)
        before = [item.seats, levels.taken("mutating")]
        levels.leave(item)
        return [*before, levels.taken("mutating"), levels.queued()]

    assert virtual.run(main()) == [5, 5, 0, 0]


def test_a_level_without_load_lends_its_seats_from_1_26(tmp_path: Path) -> None:
    async def most(found: Scenario) -> int:
        levels = Fairness(setup(found))
        tasks = [
            asyncio.ensure_future(levels.enter(exchange("/api/v1/nodes/x", reader(i), i))) for i in range(150)
        ]
        await asyncio.sleep(10.5)
        await levels.enter(exchange("/api/v1/nodes/x", User("root", groups=("system:masters",)), 999))
        held = levels.taken("mutating")
        for task in tasks:
            task.cancel()
        return held

    values = {"requests": 1, "service": 1.0, "operation": "get pods in default"}
    assert virtual.run(most(scenario(tmp_path, version="1.25.0", **values))) == 49
    assert virtual.run(most(scenario(tmp_path, version="1.28.0", **values))) > 49
