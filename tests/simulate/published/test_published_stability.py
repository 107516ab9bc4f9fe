"""The stability-sim examples run as its published code runs them.

Reference: means and standard deviations over 60 seeds of github.com/marcbrooker/stability-sim, src/engine, run on its own
eight examples (the seed printed there among them).
"""

from functools import cache
from math import sqrt
from statistics import mean

import pytest

from snowpit.errors import ScenarioError
from snowpit.model.sample import Run
from snowpit.observe.outcome import Verdict, outcome
from snowpit.simulate import published
from snowpit.simulate.published.stability_examples import EXAMPLES
from snowpit.simulate.published.stability_parts import Cache
from support.published import scenario

REFERENCE_RUNS = 60
OURS = 5
ALLOWANCE = 1.0
"""Per second: for what happens in too few runs to have shown in the reference."""
DEVIATIONS = 4.0
"""Of a difference of means; 90 cells are compared."""

WINDOWS = ((0, 5), (5, 10), (10, 20), (20, 40), (40, 60))
NONE = ((0.0, 0.0),) * 5

SUCCESSES = {
    "retry-storm": ((68.6, 3.9), (33.2, 9.8), (20.2, 10.0), (1.1, 8.8), (1.2, 9.2)),
    "gc-death-spiral": ((22.8, 12.1), (0.1, 0.7), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
    "connection-pool": ((150.7, 5.4), (150.2, 5.6), (149.9, 4.3), (149.5, 2.5), (149.9, 2.6)),
    "cache-stampede": ((200.2, 7.3), (200.6, 5.8), (199.8, 5.2), (200.0, 3.1), (200.5, 3.4)),
    "cache-flush": ((85.8, 9.8), (275.9, 9.2), (171.6, 81.1), (264.1, 57.4), (263.3, 40.5)),
    "timeout-cascade": ((94.4, 3.4), (97.7, 3.8), (93.4, 11.7), (83.2, 25.8), (70.3, 36.8)),
    "sinkhole": ((149.3, 5.4), (92.1, 4.1), (29.3, 1.8), (149.4, 2.4), (149.8, 2.9)),
    "stale-queue": ((87.5, 3.4), (65.1, 4.7), (0.0, 0.0), (0.0, 0.0), (28.0, 25.1)),
}
TIMEOUTS = {
    "retry-storm": ((0.0, 0.0), (36.9, 20.8), (175.0, 37.0), (275.1, 36.8), (274.7, 36.8)),
    "gc-death-spiral": ((44.4, 11.8), (25.7, 8.3), (22.8, 1.5), (22.9, 1.2), (23.0, 1.0)),
    "connection-pool": NONE,
    "cache-stampede": NONE,
    "cache-flush": ((5.9, 3.3), (19.5, 19.9), (296.1, 122.1), (192.0, 191.8), (95.8, 110.4)),
    "timeout-cascade": ((0.0, 0.1), (0.6, 1.4), (5.6, 11.4), (16.1, 26.0), (29.2, 37.8)),
    "sinkhole": NONE,
    "stale-queue": ((0.0, 0.1), (10.5, 4.1), (90.2, 2.7), (90.1, 2.2), (63.7, 23.9)),
}
RETRIES = {
    "retry-storm": ((0.0, 0.0), (119.5, 25.9), (139.4, 27.3), (206.3, 27.6), (206.0, 27.6)),
    "gc-death-spiral": ((156.1, 51.0), (244.4, 21.1), (240.2, 9.1), (240.9, 7.3), (240.3, 6.3)),
    "connection-pool": NONE,
    "cache-stampede": NONE,
    "cache-flush": ((5.9, 3.3), (18.7, 18.7), (237.8, 90.8), (128.2, 128.0), (68.0, 75.6)),
    "timeout-cascade": NONE,
    "sinkhole": ((0.0, 0.0), (3.6, 0.6), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
    "stale-queue": NONE,
}
"""Per second, by window: mean and standard deviation."""


@cache
def runs(example: str) -> tuple[Run, ...]:
    made = scenario("stability", horizon_s=60.0, example=example)
    return tuple(published.run(made, seed=seed) for seed in range(OURS))


def rate(run: Run, name: str, window: tuple[int, int]) -> float:
    clients = run.samples.clients["clients"]
    first, last = window
    if name == "retries":
        return rate(run, "attempts", window) - rate(run, "calls", window)
    return sum(clients[name][first:last]) / (last - first)


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize(
    ("name", "table"), [("goodput", SUCCESSES), ("timeouts", TIMEOUTS), ("retries", RETRIES)]
)
def test_every_example_agrees_with_the_published_code_window_by_window(
    example: str, name: str, table: dict[str, tuple[tuple[float, float], ...]]
) -> None:
    for window, (expected, deviation) in zip(WINDOWS, table[example], strict=True):
        found = mean(rate(run, name, window) for run in runs(example))
        spread = deviation * sqrt(1 / OURS + 1 / REFERENCE_RUNS)
        assert abs(found - expected) <= DEVIATIONS * spread + ALLOWANCE, window


def test_the_retry_storm_does_not_recover_within_the_minute() -> None:
    # 59 of 60 runs of the published code stay down.
    assert sum(run.counts["stuck"] for run in runs("retry-storm")) >= OURS - 1


def test_a_crashed_server_draws_every_call_under_least_connections() -> None:
    for run in runs("sinkhole"):
        assert rate(run, "goodput", (9, 18)) < 1.0  # what began before the crash ends
        assert outcome(run, horizon_s=60.0).verdict is Verdict.HEALTHY  # absorbed within 30 s of the trigger


def test_attempts_are_conserved() -> None:
    for example in EXAMPLES:
        for run in runs(example):
            clients, server = run.samples.clients["clients"], run.samples.servers[0]
            ended = sum(clients["goodput"]) + sum(clients["refusals"]) + sum(clients["timeouts"])
            waiting = sum(clients["attempts"]) - ended
            assert 0 <= waiting <= 350 * EXAMPLES[example].timeout_s * 1.3
            in_system = server["queued"][-1] + server["seats_mutating"][-1]
            assert server["dead_work"][-1] <= in_system
            assert max(server["seats_mutating"]) <= EXAMPLES[example].slots * EXAMPLES[example].stations


def test_the_cache_forgets_the_key_used_least_recently() -> None:
    cache_ = Cache(5.0, 2)
    cache_.fill(1, 0.0)
    cache_.fill(2, 0.0)
    assert cache_.hit(1, 1.0)
    cache_.fill(3, 1.0)
    assert not cache_.hit(2, 1.0)
    assert cache_.hit(1, 4.9)
    assert not cache_.hit(1, 5.0)


def test_a_parameter_of_an_example_can_be_changed() -> None:
    made = scenario("stability", horizon_s=60.0, example="retry-storm", retries=0)
    assert published.run(made, seed=0).counts["stuck"] == 0.0


def test_unknown_examples_and_parameters_are_refused() -> None:
    with pytest.raises(ScenarioError, match="example is 'retry'"):
        published.run(scenario("stability", horizon_s=1.0, example="retry"), seed=0)
    with pytest.raises(ScenarioError, match="no parameter 'retry'"):
        published.run(scenario("stability", horizon_s=1.0, retry=1), seed=0)
    with pytest.raises(ScenarioError, match="trigger is 'explode'"):
        published.run(scenario("stability", horizon_s=1.0, trigger="explode"), seed=0)
