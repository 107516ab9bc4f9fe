"""One run: advance from event to event of the scenario, and collect the samples."""

from snowpit.cluster.scenario import Scenario
from snowpit.model.sample import CLIENT_MEASURES, SERVER_MEASURES, Marker, Run, Samples
from snowpit.simulate import compiled, happenings
from snowpit.simulate.driver import Driver, Rows
from snowpit.simulate.engine import loop
from snowpit.simulate.engine.layout import World
from snowpit.simulate.start import begin
from snowpit.simulate.world import Plan, plan


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
