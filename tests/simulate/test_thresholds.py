"""Where the bad state begins, by bisection, against the closed forms that predict it."""

from collections.abc import Callable
from dataclasses import replace

from snowpit.cluster.by_version import kubelets_of, metrics_server_of
from snowpit.cluster.control_plane import Sourced, simulated, with_values
from snowpit.cluster.scenario import Event, Scenario, Switches
from snowpit.cluster.workload import Clients, Delay, Retry, Scraper, Tokens
from snowpit.knowledge.version import Version
from snowpit.simulate import simulate

VERSION = Version.parse("1.12.4")
HORIZON_S = 6000.0
RATE, READS, PATIENCE_S, BACKOFF_S = 50.0, 2, 30.0, 1.0


def deep_start(*, kubelets: int, limit: int, lookups: int, clients: int = 0, fills: bool = True) -> Scenario:
    """One API server, queued look-ups at 600 s, nothing else but reviews and ServiceAccount clients."""
    seats = Sourced(limit, "requests", "scenario", "test")
    apps = Clients(
        name="apps",
        count=max(1, clients),
        tokens=Tokens(count=100),
        arrivals="closed" if clients else "none",
        patience=Delay(mean_s=PATIENCE_S),
        retry=Retry(steps=10**9, base_s=BACKOFF_S),
    )
    return Scenario(
        name="deep-start",
        plane=with_values(simulated(VERSION), {"max_mutating_requests_inflight": seats}),
        clients=(apps,),
        kubelets=replace(kubelets_of(VERSION), count=kubelets, authorizes=False),
        scrapers=(metrics_server_of("0.3.1", Scraper(name="metrics-server")),) if kubelets else (),
        events=(Event(at_s=600.0, action="backlog", settings={"lookups": lookups}, trigger=True),),
        switches=Switches(dead_work_fills_cache=fills),
        horizon_s=HORIZON_S,
        bin_s=10.0,
    )


def stuck(scenario: Scenario) -> bool:
    """Whether a read reserved at the end would still wait."""
    waits = simulate(scenario, seed=1).samples.servers[0]["throttle_wait_s"]
    assert max(waits[:59]) < 0.1, "the cluster was ill before the trigger"
    return max(waits[-6:]) > 1.0


def bisected(low: int, high: int, *, to: int, is_stuck: Callable[[int], bool]) -> tuple[int, int]:
    """The largest value known to recover and the smallest known to stick, at most ``to`` apart."""
    assert not is_stuck(low)
    assert is_stuck(high)
    while high - low > to:
        middle = (low + high) // 2
        low, high = (low, middle) if is_stuck(middle) else (middle, high)
    return low, high


def test_where_dead_work_fills_no_cache_the_bad_state_needs_three_hundred_kubelets() -> None:
    # Tries of a failing kubelet: 5 in 60 s; capacity rate / reads = 25 reviews a second.
    predicted = RATE / READS * 60.0 / 5.0
    low, high = bisected(
        200,
        400,
        to=25,
        is_stuck=lambda n: stuck(deep_start(kubelets=n, limit=3000, lookups=6000, fills=False)),
    )
    assert low * 0.9 <= predicted <= high * 1.1


def test_and_seats_enough_to_outlast_the_handlers_patience() -> None:
    predicted = RATE * PATIENCE_S / READS
    low, high = bisected(
        600,
        900,
        to=40,
        is_stuck=lambda m: stuck(deep_start(kubelets=1200, limit=m, lookups=6000, fills=False)),
    )
    assert low * 0.95 <= predicted <= high * 1.1


def test_where_dead_work_fills_the_cache_reviews_alone_always_recover() -> None:
    assert not any(
        stuck(deep_start(kubelets=n, limit=m, lookups=6000))
        for n in (300, 1200, 3000)
        for m in (200, 1000, 2000)
    )
