"""Brooker's collapse model gives the figures that its published code gives.

Reference: means of ten runs of github.com/mbrooker/simulator_example, simple_collapse_sim. The spread of a cell comes from
our own replications, widened for the ten behind the reference.
"""

from functools import cache
from math import sqrt
from statistics import mean, median, stdev

import pytest
from scipy.stats import binomtest, t

from snowpit.errors import ScenarioError
from snowpit.model.sample import Run
from snowpit.observe.outcome import Verdict, outcome
from snowpit.simulate import published
from support.published import scenario

REFERENCE_RUNS = 10
ORIGINAL_STUCK, ORIGINAL_RUNS = 4265, 5820
"""Runs of the published code, seeded one by one, in which the spike without back-off brings it down for good."""


@cache
def runs(load: str, count: int, *, backoff: bool) -> tuple[Run, ...]:
    made = scenario("collapse", horizon_s=80.0, load=load, backoff=backoff)
    return tuple(published.run(made, seed=seed) for seed in range(count))


def figures(load: str, name: str, *, backoff: bool) -> list[float]:
    return [run.counts[name] for run in runs(load, 10, backoff=backoff)]


@pytest.mark.parametrize(
    ("load", "backoff", "name", "expected"),
    [
        ("spike", False, "successes_per_s_5_19", 40.0),
        ("spike", True, "successes_per_s_5_19", 39.9),
        ("spike", True, "successes_per_s_26_35", 41.5),
        ("spike", True, "successes_per_s_60_78", 40.8),
        ("ramp", False, "successes_per_s_5_19", 52.8),
        ("ramp", False, "retries_per_s_60_78", 32.0),
        ("ramp", True, "successes_per_s_5_19", 51.9),
        ("ramp", True, "retries_per_s_60_78", 48.0),
    ],
)
def test_rates_agree_with_the_published_code(load: str, name: str, expected: float, *, backoff: bool) -> None:
    values = figures(load, name, backoff=backoff)
    spread = stdev(values) * sqrt(1 / len(values) + 1 / REFERENCE_RUNS)
    assert (
        abs(mean(values) - expected) <= t.ppf(0.999, len(values) - 1) * spread + 0.5
    )  # printed without decimals


@pytest.mark.parametrize("backoff", [False, True])
def test_under_the_ramp_next_to_nothing_succeeds_and_back_off_does_not_help(*, backoff: bool) -> None:
    assert median(figures("ramp", "successes_per_s_26_35", backoff=backoff)) < 0.5
    assert figures("ramp", "successes_per_s_60_78", backoff=backoff) == [0.0] * 10


def test_the_spike_without_back_off_leaves_the_same_share_of_runs_stuck() -> None:
    ours = runs("spike", 30, backoff=False)
    stuck = int(sum(run.counts["stuck"] for run in ours))
    assert binomtest(stuck, len(ours), ORIGINAL_STUCK / ORIGINAL_RUNS).pvalue > 0.01


def test_a_run_after_the_spike_either_serves_everything_or_nothing() -> None:
    for run in runs("spike", 30, backoff=False):
        share = run.counts["successes_per_s_60_78"] / run.counts["calls_per_s_60_78"]
        assert share < 0.02 or share > 0.9


def test_verdicts_follow_from_the_samples_alone() -> None:
    for run in runs("spike", 30, backoff=False):
        verdict = outcome(run, horizon_s=80.0).verdict
        assert (verdict is Verdict.STUCK) == bool(run.counts["stuck"])


def test_calls_are_conserved() -> None:
    for run in runs("spike", 30, backoff=False):
        clients = run.samples.clients["clients"]
        ended = sum(clients["goodput"]) + sum(clients["failed"])
        under_way = sum(clients["calls"]) - ended
        assert 0 <= under_way <= 80 * 10  # a call lasts at most 9 s at 80 calls a second
        assert sum(clients["attempts"]) >= sum(clients["calls"])


def test_one_seed_gives_one_run() -> None:
    made = scenario("collapse", horizon_s=20.0)
    assert published.run(made, seed=7) == published.run(made, seed=7)
    assert published.run(made, seed=7) != published.run(made, seed=8)


def test_unknown_parameters_and_models_are_refused_with_a_hint() -> None:
    with pytest.raises(ScenarioError, match="no parameter 'tris'") as caught:
        published.run(scenario("collapse", horizon_s=1.0, tris=3), seed=0)
    assert "tries" in caught.value.hint
    with pytest.raises(ScenarioError, match="no published model"):
        published.run(scenario("kollapse", horizon_s=1.0), seed=0)
    with pytest.raises(ScenarioError, match="must be of type int"):
        published.run(scenario("collapse", horizon_s=1.0, tries="three"), seed=0)
    with pytest.raises(ScenarioError, match="must be one of spike, ramp"):
        published.run(scenario("collapse", horizon_s=1.0, load="step"), seed=0)
