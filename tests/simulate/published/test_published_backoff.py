"""The AWS back-off simulator gives the completion times and calls that its published code gives.

Reference: means of 100 repetitions of github.com/aws-samples/aws-arch-backoff-simulator, truncated to whole ms and calls.
"""

from functools import cache
from math import sqrt
from statistics import mean, stdev

import pytest
from scipy.stats import t

from snowpit.errors import ScenarioError
from snowpit.model.sample import Run
from snowpit.simulate import published
from snowpit.simulate.published.backoff import LAWS, Backoff, pause
from support.published import scenario

REFERENCE_RUNS = 100
REPLICATIONS = {10: 20, 50: 20, 100: 12, 190: 12}
LEVEL = 1e-3 / 40
"""Two-sided level of each of the 40 comparisons; all together 0.1 %."""

TABLE = {
    10: ((3472, 50), (440, 38), (755, 42), (454, 38), (379, 51)),
    50: ((36157, 621), (2243, 373), (4208, 347), (2862, 331), (1136, 686)),
    100: ((63369, 1862), (4632, 997), (6569, 813), (4950, 796), (2030, 2428)),
    190: ((100885, 5148), (7868, 2437), (9485, 1759), (7278, 1768), (3545, 8017)),
}
"""Mean completion time in ms and mean calls by number of clients, in the order of ``LAWS``."""


@cache
def runs(law: str, clients: int) -> tuple[Run, ...]:
    made = scenario("backoff", horizon_s=300.0, bin_s=10.0, law=law, clients=clients)
    return tuple(published.run(made, seed=seed) for seed in range(REPLICATIONS[clients]))


def agree(values: list[float], expected: float) -> bool:
    spread = stdev(values) * sqrt(1 / len(values) + 1 / REFERENCE_RUNS)
    allowed = float(t.ppf(1 - LEVEL / 2, len(values) - 1)) * spread + 0.5
    return abs(mean(values) - expected - 0.5) <= allowed


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("clients", TABLE)
def test_completion_and_calls_agree_with_the_published_table(law: str, clients: int) -> None:
    completion_ms, calls = TABLE[clients][LAWS.index(law)]
    assert agree([1000 * run.counts["completion_s"] for run in runs(law, clients)], completion_ms)
    assert agree([run.counts["calls"] for run in runs(law, clients)], calls)


@pytest.mark.parametrize("law", LAWS)
def test_every_client_gets_through_exactly_once(law: str) -> None:
    for run in runs(law, 50):
        assert run.counts["done"] == 50
        clients = run.samples.clients["clients"]
        assert sum(clients["goodput"]) == 50
        assert sum(clients["attempts"]) == run.counts["calls"] == sum(run.samples.servers[0]["offered"])
        assert run.events == 4 * run.counts["calls"]


def test_jitter_cuts_the_time_of_plain_exponential_back_off_by_an_order_of_magnitude() -> None:
    plain = min(run.counts["completion_s"] for run in runs("exponential", 100))
    assert plain > 10 * max(run.counts["completion_s"] for run in runs("full_jitter", 100))


def test_first_pause_is_drawn_from_twice_the_base() -> None:
    firsts = [pause(Backoff(law=law), 1, 0.005, 0.5) for law in LAWS]
    assert firsts == pytest.approx([0.010, 0.010, 0.0075, 0.005, 0.0])


def first_write(law: str, seed: int) -> int:
    made = scenario("backoff", horizon_s=0.2, bin_s=1e-5, law=law, clients=10)
    attempts = published.run(made, seed=seed).samples.clients["clients"]["attempts"]
    return next(place for place, count in enumerate(attempts) if count)


def test_changing_the_law_leaves_the_delays_of_the_network_alone() -> None:
    assert len({first_write(law, 0) for law in LAWS}) == 1
    assert first_write("none", 0) != first_write("none", 1)


def test_unknown_law_is_refused() -> None:
    with pytest.raises(ScenarioError, match="must be one of"):
        published.run(scenario("backoff", horizon_s=1.0, law="fibonacci"), seed=0)
