"""Series alone: waves, the change point, rates of drains, quantiles and evenness against closed forms."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from snowpit.observe.change import best_split
from snowpit.observe.drains import modal
from snowpit.observe.figures import evenness, median, quantile
from snowpit.observe.waves import autocorrelation, period


def poisson(seed: int, mean: int, size: int) -> list[int]:
    """Counts per bin of a Poisson process, by exponential gaps."""
    chance = random.Random(seed)  # noqa: S311
    counts = [0] * size
    at = chance.expovariate(mean)
    while at < size:
        counts[int(at)] += 1
        at += chance.expovariate(mean)
    return counts


@given(st.lists(st.integers(0, 1000), min_size=8, max_size=60))
def test_autocorrelation_equals_its_definition(values: list[int]) -> None:
    limit = len(values) // 2
    mean = sum(values) / len(values)
    spread = sum((value - mean) ** 2 for value in values) / len(values)
    for lag, strength in enumerate(autocorrelation(values, limit)):
        pairs = list(zip(values, values[lag:], strict=False))
        expected = sum((a - mean) * (b - mean) for a, b in pairs) / len(pairs) / spread if spread else 0.0
        assert abs(strength - expected) < 1e-6 * max(1.0, abs(expected))


@given(st.integers(4, 60), st.integers(0, 59))
def test_a_square_wave_has_its_period(length: int, phase: int) -> None:
    values = [100 if (index + phase) % length < length / 4 else 2 for index in range(10 * length)]
    found = period(values, longest=600)
    assert found is not None
    assert found[0] == length
    assert found[1] > 0.95


def test_a_square_wave_under_poisson_noise_keeps_its_period() -> None:
    chance = random.Random(4)  # noqa: S311
    values = [(30 if index % 15 < 3 else 3) + chance.randrange(6) for index in range(600)]
    found = period(values, longest=600)
    assert found is not None
    assert found[0] == 15


def test_poisson_arrivals_have_no_period() -> None:
    assert all(period(poisson(seed, 20, 600), longest=600) is None for seed in range(20))


def test_three_bursts_at_uneven_distances_are_no_wave() -> None:
    values = [0] * 600
    for at in (5, 192, 370):
        values[at : at + 6] = [50] * 6
    assert period(values, longest=600) is None


def test_fewer_than_three_periods_are_no_wave() -> None:
    values = [50 if index % 40 < 10 else 0 for index in range(100)]
    assert period(values, longest=600) is None


def test_constant_and_empty_series_have_no_period() -> None:
    assert period([7] * 100, longest=600) is None
    assert period([], longest=600) is None
    assert period([1], longest=600) is None


@given(st.integers(5, 95))
def test_a_step_is_found_where_it_is(at: int) -> None:
    split = best_split([10.0] * at + [200.0] * (100 - at))
    assert split is not None
    assert split.at == at
    assert abs(split.before - 10) < 1e-6
    assert abs(split.after - 200) < 1e-6


def test_noise_alone_and_a_fall_have_no_change_point() -> None:
    for seed in range(20):
        assert best_split([float(value) for value in poisson(seed, 20, 600)]) is None
    assert best_split([200.0] * 50 + [10.0] * 50) is None
    assert best_split([5.0] * 100) is None
    assert best_split([1.0, 2.0]) is None


def test_the_rate_of_a_drain_ignores_seconds_cut_short() -> None:
    assert modal([50, 50, 49, 50, 17, 50, 23]) == 49.8
    assert modal([3]) == 3.0


@given(st.integers(1, 10**9), st.integers(1, 50))
def test_quantiles_of_equal_sojourn_times_are_that_time(latency: int, attempts: int) -> None:
    bucket = math.floor(math.log2(latency) * 16)
    assert quantile({bucket: attempts}, 0.5, low=latency, high=latency) == latency / 1e6


@given(st.lists(st.integers(100, 10**8), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_a_quantile_is_within_a_bucket_of_the_exact_one(latencies: list[int], share: float) -> None:
    counts: dict[int, int] = {}
    for latency in latencies:
        bucket = math.floor(math.log2(latency) * 16)
        counts[bucket] = counts.get(bucket, 0) + 1
    found = quantile(counts, share, low=min(latencies), high=max(latencies))
    exact = sorted(latencies)[max(1, math.ceil(share * len(latencies))) - 1] / 1e6
    assert found is not None
    assert abs(math.log2(found / exact)) <= 1 / 32 + 1e-9


def test_nothing_has_no_quantile() -> None:
    assert quantile({}, 0.5, low=0, high=0) is None


@given(st.integers(1, 50), st.integers(1, 1000))
def test_equal_shares_have_gini_zero(sources: int, each: int) -> None:
    found = evenness((f"n{index}", each) for index in range(sources))
    assert abs(found.gini) < 1e-9
    assert abs(found.top_share - 1 / sources) < 1e-9
    assert found.median == each


def test_one_source_of_many_with_everything_has_a_gini_near_one() -> None:
    found = evenness([("all", 1000), *((f"n{index}", 0) for index in range(99))])
    assert abs(found.gini - 0.99) < 1e-9
    assert (found.top, found.top_share) == ("all", 1.0)


def test_ties_of_the_top_source_are_settled_by_name() -> None:
    assert evenness([("b", 5), ("a", 5)]).top == evenness([("a", 5), ("b", 5)]).top


def test_the_median_of_nothing_is_zero() -> None:
    assert median([]) == 0.0
    assert evenness([]).sources == 0
