"""How far each value is from the edge of another state, by closed form; ``edges`` simulates the nearest ones."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from snowpit.cluster.change import apply
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.workload import Clients
from snowpit.forecast.closed import closed_form
from snowpit.forecast.interventions import looked_up, token_scrapers
from snowpit.forecast.starts import settled
from snowpit.model.forecast import Headroom, State

FURTHEST = 100.0
"""Values are looked at from a hundredth to a hundred times the present one."""

STEPS, HALVINGS = 28, 20
_WORSE = {State.HEALTHY: 0, State.VULNERABLE: 1, State.SELF_SUSTAINING: 1, State.OVERLOADED: 2}


class Knob(NamedTuple):
    """A value that an operator moves or that grows.

    Args:
        key: Key path or word.
        title: In words.
        unit: Unit.
        value: Now.
        put: The scenario with another value.
        whole: Whether only whole numbers make sense.
    """

    key: str
    title: str
    unit: str
    value: float
    put: Callable[[Scenario, float], Scenario]
    whole: bool = True


def headroom(scenario: Scenario) -> tuple[Headroom, ...]:
    """Distance to the nearest edge of a worse and of a better state, of every value, nearest first.

    Args:
        scenario: The scenario; changes by its events count as made.
    """
    rest = settled(scenario)
    here = closed_form(rest).state
    found = [row for knob in knobs(rest) for row in _nearest(rest, knob, here)]
    return tuple(sorted(found, key=_distance))


def knobs(scenario: Scenario) -> list[Knob]:
    """Values of the scenario that may move."""
    found = [Knob("servers", "API servers", "", scenario.servers, _servers)]
    nodes = scenario.kubelets.count
    if nodes:
        found.append(Knob("kubelets.count", "nodes", "nodes", nodes, _set("kubelets.count")))
    found += [knob for one in looked_up(scenario) for knob in _of_clients(one)]
    names = token_scrapers(scenario)
    for scraper in scenario.scrapers:
        if scraper.name in names:
            key, title = f"scrapers.{scraper.name}.period", f"scrape period of {scraper.name}"
            found.append(Knob(key, title, "s", scraper.period_s, _set(key, suffix="s"), whole=False))
    if not scenario.levels:
        key = "max_mutating_requests_inflight"
        found.append(Knob(key, "mutating limit", "requests", scenario.plane.limit("mutating"), _set(key)))
    return found


def _of_clients(one: Clients) -> list[Knob]:
    """Clients (or requests) and tokens of a population."""
    name = f"clients.{one.name}"
    if one.arrivals == "open":
        key = f"{name}.rate"
        load = Knob(key, f"requests of {one.name}", "requests/s", one.rate_per_s, _set(key), whole=False)
    else:
        load = Knob(f"{name}.count", f"clients of {one.name}", "clients", one.count, _set(f"{name}.count"))
    return [
        load,
        Knob(f"{name}.tokens", f"tokens of {one.name}", "tokens", one.tokens.count, _set(f"{name}.tokens")),
    ]


def _set(key: str, *, suffix: str = "") -> Callable[[Scenario, float], Scenario]:
    def put(scenario: Scenario, value: float) -> Scenario:
        if suffix:
            return apply(scenario, key, f"{value:.6f}{suffix}")
        return apply(scenario, key, int(value) if float(value).is_integer() else value)

    return put


def _servers(scenario: Scenario, value: float) -> Scenario:
    return replace(scenario, servers=max(1, int(value)))


def _nearest(scenario: Scenario, knob: Knob, here: State) -> list[Headroom]:
    """The nearest edge of a worse state and of a better one; one row without edge if there is none."""
    both = (_edge(scenario, knob, here, up=up) for up in (True, False))
    edges = [edge for edge in both if edge is not None]
    worse = [edge for edge in edges if _WORSE[edge.towards] > _WORSE[here]]
    better = [edge for edge in edges if _WORSE[edge.towards] < _WORSE[here]]
    found = [min(group, key=_distance) for group in (worse, better) if group]
    return found or [_row(knob, None, here, bound=knob.value * FURTHEST)]


def _edge(scenario: Scenario, knob: Knob, here: State, *, up: bool) -> Headroom | None:
    """The first value in one direction at which the state differs."""
    factor = FURTHEST ** (1.0 / STEPS) if up else FURTHEST ** (-1.0 / STEPS)
    last = knob.value
    for step in range(1, STEPS + 1):
        value = _rounded(knob, knob.value * factor**step, up=up)
        if value == last or value <= 0:
            continue
        state = closed_form(knob.put(scenario, value)).state
        if state is not here:
            edge = _halved(scenario, knob, here, last, value)
            return _row(knob, edge, closed_form(knob.put(scenario, edge)).state, bound=value)
        last = value
    return None


def _halved(scenario: Scenario, knob: Knob, here: State, inside: float, beyond: float) -> float:
    for _ in range(HALVINGS):
        middle = (inside + beyond) / 2.0
        if knob.whole:
            middle = float(round(middle))
        if middle in (inside, beyond):
            break
        if closed_form(knob.put(scenario, middle)).state is here:
            inside = middle
        else:
            beyond = middle
    return beyond


def _rounded(knob: Knob, value: float, *, up: bool) -> float:
    if not knob.whole:
        return value
    return float(int(value) + (1 if up and value > int(value) else 0))


def _row(knob: Knob, edge: float | None, towards: State, *, bound: float) -> Headroom:
    return Headroom(
        key=knob.key,
        title=knob.title,
        value=knob.value,
        edge=edge,
        towards=towards,
        bound=bound,
        unit=knob.unit,
    )


def _distance(one: Headroom) -> float:
    """Ratio between edge and value, whichever is larger; infinite without edge."""
    if one.edge is None:
        return float("inf")
    return max(one.edge / one.value, one.value / one.edge)
