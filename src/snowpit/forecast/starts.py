"""Where a simulation of the future begins: at rest, deep in the bad state, after a trigger, or at present.

A healthy and a deep start are kept apart: a cluster can rest in either for ever, and which one it rests in says more than
an average over both.
"""

from dataclasses import replace
from math import inf
from typing import NamedTuple

from snowpit.cluster.change import apply
from snowpit.cluster.horizon import TIMES, token_clients, transient
from snowpit.cluster.scenario import Event, Scenario
from snowpit.forecast.closed import ClosedForm
from snowpit.model.forecast import Present

WARM_S = 120.0
"""Time to fill caches before anything happens."""

ACT_AFTER_S = 300.0
"""How long after the last thing that happened somebody acts: the time to notice and to decide."""

LEAST_S, MOST_S = 1800.0, 7200.0
"""Shortest and longest time in which an end is waited for."""

LEAST_QUEUE_S = 40.0
"""A deep start queues at least what the limiter passes in that time."""

DEEP = 20.0
"""A deep start queues that many times the critical backlog."""


class Start(NamedTuple):
    """A scenario that leads up to an instant.

    Args:
        scenario: The scenario, its horizon included.
        now_s: The instant, s since its start.
        title: What it is, in a few words.
    """

    scenario: Scenario
    now_s: float
    title: str


def settled(scenario: Scenario) -> Scenario:
    """The scenario with the changes that its events make, and without its events: the cluster as it now is."""
    for event in scenario.events:
        if event.action == "set":
            scenario = apply(scenario, str(event.settings["key"]), event.settings["value"])
        if event.action == "upgrade":
            scenario = apply(scenario, "version", event.settings["version"])
    return replace(scenario, events=())


def calm(scenario: Scenario) -> Start:
    """Nothing happens."""
    return Start(replace(settled(scenario), horizon_s=WARM_S + LEAST_S), WARM_S, "nothing happens")


def deep(scenario: Scenario, closed: ClosedForm) -> Start:
    """A long queue at the loopback limiter, whatever brought it."""
    reads = _deep_backlog(closed)
    event = queued(reads, f"{reads:,} look-ups are queued")
    base = replace(settled(scenario), events=(event,))
    return Start(replace(base, horizon_s=WARM_S + _long_after(base)), WARM_S, event.title)


def queued(lookups: int, title: str = "", *, at_s: float = WARM_S) -> Event:
    """A trigger that queues look-ups at the limiter of each API server.

    Args:
        lookups: How many at each.
        title: A few words for reports.
        at_s: When.
    """
    return Event(at_s=at_s, action="backlog", title=title, settings={"lookups": lookups}, trigger=True)


def _deep_backlog(closed: ClosedForm) -> int:
    """Look-ups of a deep start: well above the edge, and as many as the bad state itself would hold."""
    waits = closed.stable_wait_s
    held = closed.rate * min(waits, 300.0) / max(1, closed.lookups) if waits else 0.0
    return int(max(LEAST_QUEUE_S * closed.rate, DEEP * (closed.critical_backlog or 0.0), held))


def present(scenario: Scenario, state: Present | None) -> Start | None:
    """What leads up to the present: the events of the scenario, or the queue that the evidence shows.

    Args:
        scenario: The scenario.
        state: Present state as the evidence tells it; null or without backlog if it does not.
    """
    if any(event.trigger for event in scenario.events):
        moved = _earlier(scenario)
        now = max(_end(event) for event in moved.events) + ACT_AFTER_S
        return Start(replace(moved, horizon_s=now + _long_after(moved)), now, "after its trigger")
    if state is None or not state.backlog:
        return None
    reads = int(state.backlog)
    event = queued(reads, f"{reads:,} look-ups wait, as in the evidence")
    rate = scenario.plane.number("loopback_qps") or 50.0
    now = WARM_S + 60.0
    base = replace(settled(scenario), events=(event,), horizon_s=now + _long_enough(2.0 * reads / rate))
    return Start(base, now, event.title)


def _earlier(scenario: Scenario) -> Scenario:
    """The scenario with less quiet time before its first event."""
    first = min(event.at_s for event in scenario.events)
    shift = max(0.0, first - WARM_S)
    events = tuple(replace(event, at_s=event.at_s - shift) for event in scenario.events)
    return replace(scenario, events=events)


def _end(event: Event) -> float:
    """When an event is over."""
    return event.at_s + float(event.settings.get("for_s", event.settings.get("spread_s", 0.0)))


def _long_after(scenario: Scenario) -> float:
    """Time to wait for the end of what the triggers of a scenario bring."""
    longest = transient(scenario)
    return _long_enough(0.0 if longest is None or longest == inf else longest)


def _long_enough(predicted: float) -> float:
    """Time to wait for an end that closed forms predict after so many seconds."""
    return min(MOST_S, max(LEAST_S, TIMES * predicted))


def kicked(scenario: Scenario, kind: str, size: int) -> Start:
    """One trigger of some size upon the cluster at rest.

    Args:
        scenario: The scenario.
        kind: ``reconnects`` (so many clients come back within a second to cold caches), ``backlog`` (look-ups queued) or
            ``slow_lookups`` (etcd stands still for so many seconds).
        size: Clients, look-ups or seconds.
    """
    rest = settled(scenario)
    events = _KICKS[kind](rest, size)
    return Start(replace(rest, events=events, horizon_s=WARM_S + LEAST_S), WARM_S, f"{kind}: {size}")


def _backlog(_: Scenario, size: int) -> tuple[Event, ...]:
    return (queued(size),)


def _slow(scenario: Scenario, size: int) -> tuple[Event, ...]:
    """A look-up takes as long as the stall."""
    read = scenario.plane.number("loopback_read_s") or 0.005
    return (_trigger("slow_etcd", {"factor": max(1.0, size / read), "for_s": float(size)}),)


def _reconnects(scenario: Scenario, size: int) -> tuple[Event, ...]:
    """A restart empties the caches and brings nobody by itself; then the look-up populations call in turn."""
    who = token_clients(scenario)
    total = sum(one.count for one in who) or 1
    quiet = [
        Event(at_s=WARM_S, action="set", settings={"key": f"clients.{one.name}.reconnects", "value": False})
        for one in scenario.clients
        if one.reconnects
    ]
    cold = _trigger("restart", {"down_s": 0.0, "spread_s": 1.0})
    calls = [
        _trigger(
            "burst",
            {"clients": one.name, "requests": max(1, round(size * one.count / total)), "spread_s": 1.0},
        )
        for one in who
    ]
    return (*quiet, cold, *calls)


def _trigger(action: str, settings: dict[str, str | int | float]) -> Event:
    return Event(at_s=WARM_S, action=action, settings=dict(settings), trigger=True)


_KICKS = {"reconnects": _reconnects, "backlog": _backlog, "slow_lookups": _slow}
KICKS = tuple(_KICKS)
"""Kinds of triggers whose critical size is searched for."""
