"""The model of ``model.md`` as scenarios of snowpit, in four sizes."""

from dataclasses import replace
from typing import NamedTuple

from snowpit.cluster.control_plane import build
from snowpit.cluster.scenario import Event, Scenario
from snowpit.cluster.workload import Clients, Delay, Kubelets, Operation, Retry, Scraper, Tokens
from snowpit.knowledge.facts import Value
from snowpit.knowledge.version import Version

FOR_EVER = 2**30
VERSION = Version(1, 12, 0)


class Size(NamedTuple):
    """How much of everything, and the trigger."""

    nodes: int
    servers: int
    clients: int
    tokens: int
    seats: int = 1000
    burst: int = 0
    backlog: int = 0


SIZES = {
    "h1k": Size(1000, 1, 1400, 100),
    "c1k": Size(1000, 1, 1400, 100, burst=1500, backlog=1100),
    "h5k": Size(5000, 5, 7000, 500),
    "c5k": Size(5000, 5, 7000, 500, burst=7500, backlog=1100),
}


def heartbeats(nodes: int) -> Clients:
    """PATCHes of node status, 10 s apart, with client-go's two loops of retries."""
    return Clients(
        name="heartbeats",
        count=nodes,
        user="system:node:worker-{client}",
        groups="system:nodes,system:authenticated",
        user_agent="kubelet",
        operation=Operation(verb="patch", resource="nodes", subresource="status"),
        tokens=Tokens(credential="certificate"),
        think=Delay(mean_s=10.0),
        patience=Delay(mean_s=10.0),
        retry=Retry(inner_tries=10, steps=5, base_s=0.0),
    )


def apps(clients: int, tokens: int) -> Clients:
    """Clients with ServiceAccount tokens that never stop trying."""
    return Clients(
        name="apps",
        count=clients,
        tokens=Tokens(count=tokens),
        think=Delay(law="exponential", mean_s=20.0),
        patience=Delay(mean_s=30.0),
        retry=Retry(steps=FOR_EVER, base_s=1.0),
    )


def events(size: Size) -> tuple[Event, ...]:
    """The trigger at 600 s."""
    if not size.burst and not size.backlog:
        return ()
    stall = Event(at_s=600.0, action="backlog", settings={"lookups": size.backlog}, trigger=True)
    calls: dict[str, Value] = {"clients": "apps", "requests": size.burst, "spread_s": 1.0}
    return stall, Event(at_s=600.0, action="burst", settings=calls, trigger=True)


def storm(name: str, size: Size, *, horizon_s: float = 3600.0) -> Scenario:
    """The scenario of a size."""
    return Scenario(
        name=name,
        plane=build(version=VERSION, version_source="flag", limits={"mutating": size.seats, "readonly": 400}),
        servers=size.servers,
        clients=(heartbeats(size.nodes), apps(size.clients, size.tokens)),
        kubelets=Kubelets(
            count=size.nodes,
            authorizes=False,
            warm=False,
            retry=Retry(inner_tries=10, steps=5, base_s=0.5, factor=1.5, jitter=0.2),
        ),
        scrapers=(Scraper(name="metrics-server", spread_s=min(0.008 * size.nodes, 4.0)),),
        events=events(size),
        horizon_s=horizon_s,
    )


def without_kubelets(scenario: Scenario) -> Scenario:
    """The same without kubelets, heartbeats and scrapers."""
    return replace(scenario, clients=scenario.clients[1:], kubelets=Kubelets(), scrapers=())
