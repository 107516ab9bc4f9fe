"""What happens to a simulated cluster: the actions of a scenario's events, upon the world between two advances."""

from collections.abc import Callable, Iterator

import numpy as np

from snowpit.cluster.change import apply
from snowpit.cluster.scenario import Event, Scenario
from snowpit.errors import ScenarioError
from snowpit.knowledge.facts import Value
from snowpit.mechanism import token_bucket
from snowpit.simulate import parameters, start
from snowpit.simulate.driver import Driver
from snowpit.simulate.engine import layout as at
from snowpit.simulate.engine.agenda import push
from snowpit.simulate.engine.authentication import set_bucket
from snowpit.simulate.engine.chance import GAP, key_of, uniform
from snowpit.simulate.world import by_version, known, plan, shape, shape_by_version

BURST, RECONNECT = 5_000_011, 6_000_011
"""Entities that the spread of a burst and of reconnects is drawn for."""

Act = Callable[[Driver], None]


def course(scenario: Scenario, seed: int) -> Iterator[tuple[float, Act]]:
    """The actions of all events in order of time, follow-ups (a server is back) included."""
    found: list[tuple[float, int, Act]] = []
    for number, event in enumerate(scenario.events):
        found += [(time, number, act) for time, act in _acts(event, number, seed)]
    for time, _, act in sorted(found, key=lambda item: item[:2]):
        yield time, act


def _acts(event: Event, number: int, seed: int) -> list[tuple[float, Act]]:
    now, given = event.at_s, event.settings
    if event.action in ("restart", "upgrade", "lose", "return"):
        pause = float(given.get("down_s", 0.0))
        key = key_of(seed, RECONNECT + number)
        if event.action == "lose":
            return [(now, lambda driver: _lose(driver, event, key))]
        if event.action == "return":
            return [(now, lambda driver: _come_back(driver, event, key))]
        down: Act = lambda driver: _go_down(driver, event)  # noqa: E731
        return [(now, down), (now + pause, lambda driver: _come_up(driver, event, key))]
    if event.action == "slow_etcd":
        slow, fine = float(given.get("factor", 1.0)), now + float(given.get("for_s", at.NEVER))
        return [(now, lambda driver: _etcd(driver, slow)), (fine, lambda driver: _etcd(driver, 1.0))]
    act = {"burst": _burst, "backlog": _backlog, "set": _set, "stop": _stop, "start": _start, "shed": _shed}[
        event.action
    ]
    return [(now, lambda driver: act(driver, event, key_of(seed, BURST + number)))]


def _servers(driver: Driver, event: Event) -> range:
    """The servers an event is about: one, or all."""
    one = event.settings.get("server")
    return range(driver.plan.scenario.servers) if one is None else range(int(one), int(one) + 1)


def _population(driver: Driver, event: Event) -> int:
    names = [one.name for one in driver.plan.populations]
    return names.index(str(event.settings["clients"]))


def _burst(driver: Driver, event: Event, key: int) -> None:
    """Extra calls of a population within a spread, from its clients in turn."""
    p, wanted = _population(driver, event), int(event.settings["requests"])
    who = _clients(driver, p, event.settings.get("server"))
    if not len(who) or not driver.make_room(entries=wanted):
        return
    n = np.arange(wanted)
    times = driver.world.clock[0].now + float(event.settings.get("spread_s", 0.0)) * uniform(key, GAP, n)
    start.enter(driver.world, times, kind=at.EXTRA, a=who[n % len(who)], b=0)


def _clients(driver: Driver, p: int, server: Value | None) -> np.ndarray:
    """Numbers of a population's clients, all or those of one server."""
    x = driver.world.populations[p]
    who = np.arange(x.first, x.first + x.count)
    return who if server is None else who[driver.world.clients.server[who] == int(server)]


def _backlog(driver: Driver, event: Event, _: int) -> None:
    """Reads that nobody waits for, queued at the loopback limiter."""
    servers, reads = _servers(driver, event), int(event.settings["lookups"])
    wanted = reads * len(servers)
    if driver.make_room(entries=wanted + len(servers), requests=wanted):
        for s in servers:
            push(driver.world, driver.world.clock[0].now, at.DEAD_READS, s, reads)


def _go_down(driver: Driver, event: Event) -> None:
    for s in _servers(driver, event):
        driver.reset(driver.world, s)
        driver.world.servers[s].up = 0
    if event.action == "upgrade":
        _upgrade(driver, str(event.settings["version"]))


def _upgrade(driver: Driver, version: str) -> None:
    """Servers that were just reset take another version; nothing of what its arrays held is left."""
    before = driver.plan.scenario.plane.flag("borrowing")
    driver.plan = plan(apply(driver.plan.scenario, "version", version))
    driver.world = driver.world._replace(**by_version(driver.plan))
    parameters.write(driver.world, driver.plan)
    if not before:
        start.load(driver.world, start.adjustments(driver.plan, driver.world.clock[0].now))


def _come_up(driver: Driver, event: Event, key: int) -> None:
    w = driver.world
    plane = driver.plan.scenario.plane
    for s in _servers(driver, event):
        w.servers[s].up = 1
        set_bucket(w, s, token_bucket.full(w.servers[s].burst, w.clock[0].now))
        w.servers[s].synced_at = w.clock[0].now + known(plane, "informer_sync_s")
        _reconnect(driver, s, float(event.settings.get("spread_s", 1.0)), key)


def _reconnect(driver: Driver, s: int, spread: float, key: int) -> None:
    """Every client that reconnects calls at once, one after another within the spread."""
    if not driver.make_room(entries=driver.plan.clients):
        return
    w = driver.world
    busy = _busy(w)
    for p, one in enumerate(driver.plan.populations):
        if not one.reconnects or not w.populations[p].running:
            continue
        who = _clients(driver, p, s)
        wakes = ~busy[who] & (one.arrivals == "closed")
        w.clients.wakes[who] += wakes
        times = w.clock[0].now + spread * uniform(key, GAP, who)
        start.enter(w, times, kind=np.where(wakes, at.WAKE, at.EXTRA), a=who, b=w.clients.wakes[who])


def _busy(w: at.World) -> np.ndarray:
    """Whether each client's own call is open: then it tries again by itself."""
    busy = np.zeros(len(w.clients), dtype=bool)
    busy[w.calls.client[(w.calls.used == 1) & (w.calls.purpose == at.OWN)]] = True
    return busy


def _lose(driver: Driver, event: Event, key: int) -> None:
    """A server is gone: its clients go to the others in turn."""
    _go_down(driver, event)
    w = driver.world
    left = np.flatnonzero(w.servers.up)
    if len(left):
        moved = np.flatnonzero(np.isin(w.clients.server, _servers(driver, event)))
        w.clients.server[moved] = left[np.arange(len(moved)) % len(left)]
    for s in left.tolist():
        _reconnect(driver, s, float(event.settings.get("spread_s", 1.0)), key)


def _come_back(driver: Driver, event: Event, key: int) -> None:
    """A lost server is back and gets its clients again."""
    w = driver.world
    place = np.arange(len(w.clients)) - w.populations.first[w.clients.population]
    home = place % driver.plan.scenario.servers
    back = np.isin(home, _servers(driver, event))
    w.clients.server[back] = home[back]
    _come_up(driver, event, key)


def _etcd(driver: Driver, factor: float) -> None:
    for server in driver.world.servers:
        server.etcd = factor


def _set(driver: Driver, event: Event, _: int) -> None:
    _change(driver, str(event.settings["key"]), event.settings["value"])


def _change(driver: Driver, key: str, value: Value) -> None:
    """Change a parameter; state stays.

    Raises:
        ScenarioError: If the change would move or enlarge the arrays of the run.
    """
    changed = plan(apply(driver.plan.scenario, key, value))
    made = (shape(driver.plan), shape_by_version(driver.plan))
    if (shape(changed), shape_by_version(changed)) != made:
        raise ScenarioError(
            f"{key} cannot change while a run lasts: it sets how many there are, or a new law.",
            "Change it before the run, with --set or in the scenario.",
        )
    driver.plan = changed
    parameters.write(driver.world, driver.plan)


def _stop(driver: Driver, event: Event, _: int) -> None:
    _running(driver, str(event.settings["clients"]), 0)


def _start(driver: Driver, event: Event, _: int) -> None:
    name = str(event.settings["clients"])
    _running(driver, name, 1)
    for p, one in enumerate(driver.plan.populations):
        if one.name == name and one.arrivals == "closed":
            x = driver.world.populations[p]
            driver.world.clients.wakes[x.first : x.first + x.count] += 1
            driver.make_room(entries=x.count)
            start.load(
                driver.world, start.first_calls(driver.world, driver.plan, p, driver.world.clock[0].now)
            )


def _running(driver: Driver, name: str, running: int) -> None:
    for p, one in enumerate(driver.plan.populations):
        if one.name == name:
            driver.world.populations[p].running = running
    for i, scraper in enumerate(driver.plan.scenario.scrapers):
        if scraper.name == name:
            driver.world.scrapers[i].running = running


def _shed(driver: Driver, event: Event, _: int) -> None:
    driver.world.populations[_population(driver, event)].shed = float(event.settings["share"])
