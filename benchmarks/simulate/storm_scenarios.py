"""The model of ``model.md`` as scenarios of snowpit (``storm.toml``), in four sizes."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from snowpit.cluster.scenario import Event, Scenario
from snowpit.cluster.scenario_file import load
from snowpit.knowledge.facts import Value

HERE = Path(__file__).parent


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


def events(size: Size) -> tuple[Event, ...]:
    """The trigger at 600 s."""
    if not size.burst and not size.backlog:
        return ()
    stall = Event(at_s=600.0, action="backlog", settings={"lookups": size.backlog}, trigger=True)
    calls: dict[str, Value] = {"clients": "apps", "requests": size.burst, "spread_s": 1.0}
    return stall, Event(at_s=600.0, action="burst", settings=calls, trigger=True)


def storm(size: Size, *, horizon_s: float = 3600.0) -> Scenario:
    """The scenario of a size."""
    counts = {
        "servers": size.servers,
        "horizon": f"{horizon_s}s",
        "max_mutating_requests_inflight": size.seats,
        "kubelets.count": size.nodes,
        "scrapers.metrics-server.spread": f"{min(0.008 * size.nodes, 4.0)}s",
        "clients.apps.count": size.clients,
        "clients.apps.tokens": size.tokens,
    }
    scenario = load(HERE / "storm.toml", overrides=[f"{key}={value}" for key, value in counts.items()])
    return replace(scenario, events=events(size))
