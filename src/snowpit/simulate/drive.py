"""One run: advance from event to event of the scenario, let pools grow, hand over rows, collect samples."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from snowpit.cluster.scenario import Scenario
from snowpit.model.sample import CLIENT_MEASURES, SERVER_MEASURES, Marker, Run, Samples
from snowpit.simulate import compiled, happenings
from snowpit.simulate.engine import layout as at
from snowpit.simulate.engine import loop
from snowpit.simulate.engine.layout import World, records
from snowpit.simulate.start import begin
from snowpit.simulate.world import Plan, plan

MOST_RECORDS = 1 << 22
"""Bound of every pool; a run that needs more has diverged."""

Rows = Callable[[Plan, at.Records], None]


@dataclass(slots=True)
class Driver:
    """A run under way.

    Args:
        plan: What is simulated; events change it.
        world: Its state.
        advance: The loop, compiled or plain.
        reset: ``loop.reset_server``, compiled or plain.
        rows: Takes finished requests; null if nobody wants them.
        overflow: What outgrew its bound.
    """

    plan: Plan
    world: World
    advance: Callable[[World, float], int]
    reset: Callable[[World, int], None]
    rows: Rows | None = None
    overflow: str = ""
    pending: list[tuple[float, str, dict[str, object]]] = field(default_factory=list)

    def run_to(self, until: float) -> None:
        """Advance to an instant, unless a pool outgrows its bound."""
        while not self.overflow:
            stopped = self.advance(self.world, until)
            if stopped == at.DONE:
                return
            if stopped == at.ROWS_FULL:
                self.flush()
            else:
                self._grow(stopped)

    def flush(self) -> None:
        """Hand finished requests over."""
        clock = self.world.clock[0]
        if self.rows is not None and clock.rows_n:
            self.rows(self.plan, self.world.rows[: clock.rows_n])
        clock.rows_n = 0

    def _grow(self, what: int) -> None:
        """Double a pool."""
        w = self.world
        name = {at.GROW_AGENDA: "heap", at.GROW_CALLS: "calls", at.GROW_REQUESTS: "requests"}[what]
        pool = getattr(w, name)
        if len(pool) >= MOST_RECORDS:
            self.overflow = f"{name}: more than {MOST_RECORDS:,} at once, {w.clock[0].now:.0f} s into the run"
            return
        if name != "heap":
            self.world = _doubled(w, name)
            return
        bigger = records(at.AGENDA, 2 * len(pool))
        bigger[: len(pool)] = pool
        self.world = w._replace(heap=bigger)


def _doubled(w: World, name: str) -> World:
    """A pool of records twice as large; the new ones are the first to be taken."""
    pool, clock = getattr(w, name), w.clock[0]
    count = len(pool)
    bigger = np.zeros(2 * count, dtype=pool.dtype).view(np.recarray)
    bigger[:count] = pool
    bigger.next[count:] = np.arange(count + 1, 2 * count + 1)
    free = "free_call" if name == "calls" else "free_request"
    bigger.next[-1] = clock[free]
    clock[free] = count
    w = w._replace(**{name: bigger})
    if name == "requests" and len(bigger) > w.line.shape[1]:
        w = w._replace(line=_longer(w, 2 * w.line.shape[1]))
    if name == "requests" and w.clock[0].keep_rows and len(w.rows) < 2 * len(bigger):
        rows = records(at.ROW, 2 * len(bigger))
        rows[: len(w.rows)] = w.rows
        w = w._replace(rows=rows)
    return w


def _longer(w: World, places: int) -> at.Records:
    """The waiting lines of the limiters with more places, their heads at 0."""
    line = records(at.AGENDA, len(w.servers) * places).reshape(len(w.servers), places)
    for s in range(len(w.servers)):
        old, head = w.line[s], w.servers[s].line_head
        order = (head + np.arange(w.line.shape[1])) & (w.line.shape[1] - 1)
        line[s, : w.line.shape[1]] = old[order]
        w.servers[s].line_head = 0
    return line


def run(scenario: Scenario, seed: int, *, rows: Rows | None = None, plain: bool = False) -> Run:
    """Simulate a scenario once.

    Args:
        scenario: The scenario.
        seed: Seed; one seed, one result.
        rows: Called with batches of finished requests (valid during the call); null keeps none.
        plain: Run the loop as plain Python: the same trace, slowly.
    """
    advance, reset = (loop.advance, loop.reset_server) if plain else compiled.kernel()
    planned = plan(scenario)
    world = begin(planned, seed, keep_rows=rows is not None)
    driver = Driver(plan=planned, world=world, advance=advance, reset=reset, rows=rows)
    for time, act in happenings.course(scenario, seed):
        if time >= scenario.horizon_s:
            break
        driver.run_to(time)
        if driver.overflow:
            break
        act(driver)
    driver.run_to(scenario.horizon_s)
    driver.flush()
    return _result(driver, scenario, seed)


def _result(driver: Driver, scenario: Scenario, seed: int) -> Run:
    w, clock = driver.world, driver.world.clock[0]
    counts = {
        "calls_open": float(clock.calls_used),
        "requests_inside": float(clock.requests_used),
        "pool_requests": float(len(w.requests)),
        "pool_agenda": float(len(w.heap)),
    }
    return Run(
        seed=seed,
        ended_s=float(clock.now),
        overflow=driver.overflow,
        samples=_samples(w, driver.plan, scenario),
        markers=tuple(
            Marker(at_s=event.at_s, title=event.title or event.action, trigger=event.trigger)
            for event in scenario.events
        ),
        events=int(clock.events),
        counts=counts,
    )


def _samples(w: World, planned: Plan, scenario: Scenario) -> Samples:
    """Columns by name, as lists."""
    bins = int(w.clock[0].bin)
    servers = [
        {one.name: w.server_counts[s, :bins, i].tolist() for i, one in enumerate(SERVER_MEASURES)}
        for s in range(len(w.servers))
    ]
    clients = {
        who.name: {one.name: w.client_counts[p, :bins, i].tolist() for i, one in enumerate(CLIENT_MEASURES)}
        for p, who in enumerate(planned.populations)
    }
    return Samples(bin_s=scenario.bin_s, bins=bins, servers=servers, clients=clients)
