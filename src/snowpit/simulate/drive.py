"""One run: advance from event to event of the scenario, and collect the samples."""

from collections.abc import Callable
from itertools import takewhile

from snowpit.cluster.scenario import Scenario
from snowpit.model.sample import CLIENT_MEASURES, SERVER_MEASURES, Marker, Run, Samples
from snowpit.simulate import compiled, happenings
from snowpit.simulate.driver import Driver, Rows
from snowpit.simulate.engine import loop
from snowpit.simulate.engine.layout import World
from snowpit.simulate.start import begin
from snowpit.simulate.world import Plan, plan

GLANCE_S = 30.0
"""Simulated time between two looks at a run that may be stopped."""

Stop = Callable[[Run], bool]
"""Given a run as far as it has come, says whether that is enough."""


def run(
    scenario: Scenario,
    seed: int,
    *,
    rows: Rows | None = None,
    plain: bool = False,
    stop: Stop | None = None,
) -> Run:
    """Simulate a scenario once.

    Args:
        scenario: The scenario.
        seed: Seed; one seed, one result.
        rows: Called with batches of finished requests (valid during the call); null keeps none.
        plain: Run the loop as plain Python: the same trace, slowly.
        stop: Asked every ``GLANCE_S`` whether the run may end there; null lets it reach its horizon.
    """
    advance, reset = (loop.advance, loop.reset_server) if plain else compiled.kernel()
    planned = plan(scenario)
    world = begin(planned, seed, keep_rows=rows is not None)
    driver = Driver(plan=planned, world=world, advance=advance, reset=reset, rows=rows)
    enough = None if stop is None else lambda: stop(_result(driver, scenario, seed))
    for time, act in takewhile(lambda one: one[0] < scenario.horizon_s, happenings.course(scenario, seed)):
        if _over(driver, time, enough):
            break
        act(driver)
    else:
        _over(driver, scenario.horizon_s, enough)
    driver.flush()
    return _result(driver, scenario, seed)


def _over(driver: Driver, until: float, enough: Callable[[], bool] | None) -> bool:
    """Advance to an instant, unless the run ends before: a pool outgrew its bound, or the caller has seen enough."""
    while enough is not None and driver.world.clock[0].now + GLANCE_S < until:
        driver.run_to(driver.world.clock[0].now + GLANCE_S)
        if driver.overflow or enough():
            return True
    driver.run_to(until)
    return bool(driver.overflow)


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
