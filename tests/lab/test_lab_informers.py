"""Informers ask what client-go's reflector of their version asks, and when it asks it."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from snowpit.cluster.happenings import events
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.cluster.workload import Clients, Delay, Operation, Retry
from snowpit.knowledge.version import Version
from snowpit.lab import virtual
from snowpit.lab.around.places import Places
from snowpit.lab.around.population import Population
from snowpit.lab.around.world import World
from snowpit.lab.clock import Clock
from snowpit.lab.conduct import in_memory, on_sockets
from snowpit.lab.network.memory import MemoryNetwork
from snowpit.lab.wire import NOBODY, Request, Response
from support.lab_sockets import alone

SERVER = "127.0.0.1:6443"
WATCHES = Clients(name="operators", operation=Operation(verb="watch", resource="configmaps"), phase="at_once")
Asked = tuple[float, Mapping[str, str]]
Reply = Callable[[Mapping[str, str], int], Response]


def listed(revision: str, token: str = "") -> Response:
    return Response(
        200, {}, json.dumps({"metadata": {"resourceVersion": revision, "continue": token}}).encode()
    )


def told(*lines: Mapping[str, Any], then_s: float = 0.0) -> Response:
    async def stream() -> AsyncIterator[bytes]:
        for line in lines:
            yield json.dumps(line).encode() + b"\n"
        await asyncio.sleep(then_s)

    return Response(200, {}, stream=stream())


def event(kind: str, revision: str) -> Mapping[str, Any]:
    return {"type": kind, "object": {"metadata": {"resourceVersion": revision}}}


TOO_OLD = {"type": "ERROR", "object": {"kind": "Status", "code": 410}}


def asked(version: str, reply: Reply, for_s: float, one: Clients = WATCHES) -> list[Asked]:
    """What the clients of a population ask a server that replies by a script, and when."""
    found: list[Asked] = []

    async def server(request: Request) -> Response:
        found.append((round(asyncio.get_running_loop().time(), 3), dict(request.query)))
        return reply(request.query, len(found))

    async def main() -> None:
        network = MemoryNetwork({})
        network.attach(SERVER, server)
        world = World(network, Places([SERVER]), Clock(0.0, 0), Version.parse(version), 1, 10.0)
        population = Population(one, world, (NOBODY,), ())
        population.start()
        await asyncio.sleep(for_s)
        await population.close()

    virtual.run(main())
    return found


def quiet(query: Mapping[str, str], _number: int) -> Response:
    """Lists at once; a watch tells nothing and ends when it was asked to end."""
    return told(then_s=float(query["timeoutSeconds"])) if "watch" in query else listed("7")


@pytest.mark.parametrize(("version", "bookmarks"), [("1.12.4", False), ("1.16.0", True), ("1.34.0", True)])
def test_a_list_comes_first_and_watches_follow_one_another_without_a_list(
    version: str, *, bookmarks: bool
) -> None:
    found = asked(version, quiet, 3600.0)
    assert found[0] == (0.0, {"limit": "500", "resourceVersion": "0"})
    watches = [query for _, query in found[1:]]
    assert 6 <= len(watches) <= 12, "each lasts between five and ten minutes"
    for query in watches:
        assert (query["watch"], query["resourceVersion"]) == ("true", "7")
        assert ("allowWatchBookmarks" in query) == bookmarks
        assert 300 <= int(query["timeoutSeconds"]) < 600


def test_events_and_bookmarks_move_the_next_watch_on() -> None:
    def reply(query: Mapping[str, str], number: int) -> Response:
        if "watch" not in query:
            return listed("7")
        return told(event("ADDED", "9"), event("BOOKMARK", "12"), then_s=400.0 if number == 2 else 1e6)

    assert [query["resourceVersion"] for _, query in asked("1.16.0", reply, 600.0)] == ["0", "7", "12"]


@pytest.mark.parametrize(
    ("version", "lists", "least", "most"),
    [
        ("1.12.4", [{"resourceVersion": "0", "limit": "500"}], 1.0, 1.0),
        ("1.17.0", [{"resourceVersion": "9", "limit": "500"}, {"limit": "500"}], 1.0, 1.0),
        ("1.18.0", [{"resourceVersion": "9"}, {"limit": "500"}], 0.8, 1.6),
    ],
)
def test_a_revision_that_is_too_old_is_listed_anew(
    version: str, lists: list[Mapping[str, str]], least: float, most: float
) -> None:
    """The second watch is too old; where the version asks for a revision, that list is too old as well."""

    def reply(query: Mapping[str, str], number: int) -> Response:
        if "watch" in query:
            return told(event("ADDED", "9"), then_s=300.0) if number == 2 else told(TOO_OLD)
        expired = query.get("resourceVersion", "0") not in ("0", "")
        return Response(410, {}, b"{}") if expired else listed("7")

    found = asked(version, reply, 304.0)
    ended, *rest = [(at, query) for at, query in found if at >= 300.0]
    assert ended[1]["resourceVersion"] == "9"
    again = rest[: len(lists)]
    assert [query for _, query in again] == lists
    assert least <= again[0][0] - 300.0 <= most
    assert again[-1][0] == again[0][0], "the fall-back follows at once"
    assert rest[len(lists)][1]["watch"] == "true"


def test_pages_are_followed_and_an_expired_page_makes_it_one_whole_list() -> None:
    def reply(query: Mapping[str, str], _number: int) -> Response:
        if "watch" in query:
            return told(then_s=1e6)
        if query.get("continue") == "b":
            return Response(410, {}, b"{}")
        if "limit" not in query:
            return listed("8")
        return listed("7", "b" if "continue" in query else "a")

    found = [query for _, query in asked("1.12.4", reply, 60.0)]
    pages = [(query.get("limit"), query.get("continue"), query.get("resourceVersion")) for query in found]
    assert pages[:4] == [("500", None, "0"), ("500", "a", None), ("500", "b", None), (None, None, "0")]
    assert found[4]["resourceVersion"] == "8"


def test_delays_grow_from_1_18_and_are_a_second_before() -> None:
    def refuse(_query: Mapping[str, str], _number: int) -> Response:
        return Response(500)

    def gaps(version: str) -> list[float]:
        times = [at for at, _ in asked(version, refuse, 100.0)]
        return [round(later - sooner, 3) for sooner, later in itertools.pairwise(times)]

    assert set(gaps("1.17.0")) == {1.0}
    grown = gaps("1.18.0")
    assert len(grown) < 10
    for number, gap in enumerate(grown):
        assert 0.8 <= gap / min(2.0**number, 37.5) <= 1.6


def test_a_refused_watch_is_sent_again_from_1_22_and_listed_again_before() -> None:
    def reply(query: Mapping[str, str], number: int) -> Response:
        if "watch" not in query:
            return listed("7")
        return Response(429, {"Retry-After": "1"}) if number < 4 else told(then_s=1e6)

    def watches(version: str) -> list[bool]:
        return ["watch" in query for _, query in asked(version, reply, 60.0)]

    assert watches("1.22.0") == [False, True, True, True]
    assert watches("1.12.4") == [False, True, False, True]


def test_kubelets_look_at_their_own() -> None:
    node = replace(WATCHES, user="system:node:node-{client}", count=2)
    pods = replace(node, operation=Operation(verb="watch", resource="pods"))
    selectors = {query["fieldSelector"] for _, query in asked("1.12.4", quiet, 1.0, pods)}
    assert selectors == {"spec.nodeName=node-0", "spec.nodeName=node-1"}


def scenario(version: str, horizon: str) -> Scenario:
    """Twenty informers, one client that writes elsewhere, and a restart."""
    base = load("healthy-1.12", overrides=(f"horizon={horizon}", "bin=1s", f"version={version}"))
    watch = Operation(verb="watch", resource="configmaps", service=Delay(mean_s=0.004))
    writes = Operation(verb="create", resource="events", namespace="kube-system", service=Delay(mean_s=0.004))
    clients = (
        replace(WATCHES, count=20, operation=watch, phase="spread", think=Delay(mean_s=1.0), reconnects=True),
        Clients(name="writer", operation=writes, think=Delay(mean_s=0.5), retry=Retry(steps=9)),
    )
    quieter = replace(base, clients=clients, scrapers=(), kubelets=replace(base.kubelets, count=0))
    restart = {"at": "4s", "action": "restart", "down": "1s"}
    return replace(quieter, events=events([restart], quieter, "test"))


def of_operators(folder: Path) -> list[Mapping[str, Any]]:
    lines = (folder / "apiserver-0" / "audit.log").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [one for one in found if one.get("objectRef", {}).get("resource") == "configmaps"]


def counted(folder: Path, verb: str, stage: str) -> int:
    return sum(one["verb"] == verb and one["stage"] == stage for one in of_operators(folder))


@pytest.mark.parametrize("version", ["1.12.4", "1.22.0"])
def test_after_a_restart_a_quiet_revision_is_too_old_and_everybody_lists_again(
    version: str, tmp_path: Path
) -> None:
    run = in_memory.rehearse(scenario(version, "90s"), seed=1, folder=tmp_path)
    assert counted(tmp_path, "list", "ResponseComplete") == 40
    assert counted(tmp_path, "watch", "ResponseStarted") == 60
    assert counted(tmp_path, "watch", "ResponseComplete") == 40, "the 20 that are too old, and 20 at the end"
    relists = [dict(parse_qsl(one["requestURI"].partition("?")[2])) for one in of_operators(tmp_path)]
    at_last = [query for query in relists if "watch" not in query and query.get("resourceVersion") != "0"]
    assert bool(at_last) == (version == "1.22.0")
    assert sum(run.samples.clients["operators"]["goodput"]) >= 100


def test_informers_live_through_a_restart_on_sockets(tmp_path: Path) -> None:
    with alone():
        on_sockets.rehearse(scenario("1.12.4", "12s"), seed=1, folder=tmp_path)
    assert counted(tmp_path, "list", "ResponseComplete") == 40
    assert counted(tmp_path, "watch", "ResponseStarted") == 60
