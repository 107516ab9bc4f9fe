"""Shares, medians and windows over seeds."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.cluster.horizon import short, transient
from snowpit.errors import ScenarioError
from snowpit.observe.outcome import Verdict, outcome
from snowpit.observe.replications import TRACKS, numbers, populations, series, spread, verdicts, wilson
from support.runs import between, run, scenario


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 12, 0.0, 0.2425), (12, 12, 0.7575, 1.0), (6, 12, 0.2538, 0.7462), (1, 1, 0.2065, 1.0)],
)
def test_wilson_intervals_are_those_of_the_tables(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_intervals_hold_the_share_and_mirror(pair: tuple[int, int]) -> None:
    successes, n = pair
    low, high = wilson(successes, n)
    assert 0.0 <= low <= successes / n <= high <= 1.0
    mirrored = wilson(n - successes, n)
    assert mirrored == pytest.approx((1.0 - high, 1.0 - low), abs=1e-12)


def test_a_share_of_no_seeds_is_refused() -> None:
    with pytest.raises(ScenarioError):
        wilson(0, 0)


@pytest.mark.parametrize(("n", "k"), [(5, 1), (6, 1), (8, 1), (9, 2), (12, 3), (25, 8), (101, 41)])
def test_the_interval_of_a_median_takes_the_order_statistics_of_the_sign_test(n: int, k: int) -> None:
    assert spread(list(range(1, n + 1)))[1:] == (k, n + 1 - k)
    if n > 5:
        assert (
            2 * sum(comb(n, i) for i in range(k)) / 2**n
            <= 0.05
            < 2 * sum(comb(n, i) for i in range(k + 1)) / 2**n
        )


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40))
def test_a_median_lies_within_its_interval(values: list[float]) -> None:
    found = spread(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)


def test_every_verdict_is_counted() -> None:
    runs = [run([]), run(between(600, 3600)), run(between(600, 3600))]
    counted = verdicts([outcome(item, horizon_s=3600.0) for item in runs])
    assert counted == {
        Verdict.HEALTHY: 1,
        Verdict.RECOVERED: 0,
        Verdict.STUCK: 2,
        Verdict.OVERLOADED: 0,
    }


def test_a_series_spans_all_seeds_bin_by_bin() -> None:
    found = series([run([]), run(between(600, 3600)), run(between(600, 3600, share=0.8))])
    assert set(found) == {track.name for track in TRACKS}
    assert len(found["rejected"]) == 360
    assert found["rejected"][100] == (50.0, 0.0, 80.0)


def test_a_run_that_overflowed_ends_its_series_early() -> None:
    found = series([run([], overflow="events", ended_s=600.0)])
    assert len(found["goodput"]) == 60


def test_numbers_tell_before_worst_and_end() -> None:
    found = numbers([run(between(600, 900))])
    assert {stage: value.median for stage, value in found["rejected"].items()} == {
        "before": 0.0,
        "worst": 50.0,
        "end": 0.0,
    }
    assert found["goodput"]["worst"].median == 50.0


def test_populations_tell_what_became_of_calls() -> None:
    found = populations([run(between(600, 2400))])
    assert found["apps"].good_share == pytest.approx(0.75)
    assert found["apps"].sojourn_s == pytest.approx(0.01)
    assert found["metrics-server"].good_share is None


def test_attempts_at_kubelets_are_not_attempts_at_api_servers() -> None:
    made = run([])
    found = series([made])
    made.samples.clients["metrics-server"]["attempts"][0] = 1000.0  # type: ignore[index]
    assert series([made]) == found


def test_a_transient_is_predicted_and_a_short_horizon_is_told() -> None:
    predicted = transient(scenario())
    assert predicted is not None
    assert 10.0 < predicted < 600.0
    assert short(scenario()) == ""
    assert "--horizon" in short(scenario(horizon_s=700.0))
