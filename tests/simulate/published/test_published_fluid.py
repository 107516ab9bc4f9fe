"""Hidden capacity of the two examples of HotOS 2021: fixed points, and the course to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.errors import ScenarioError
from snowpit.observe.outcome import Verdict, outcome
from snowpit.simulate import published
from snowpit.simulate.published.fluid import (
    OVERLOADED,
    STABLE,
    VULNERABLE,
    Fluid,
    advertised_capacity,
    course,
    hidden_capacity,
    regime,
    worst_demand,
)
from support.published import scenario

HORIZON_S = 600.0


def verdict(**parameters: float | str) -> Verdict | None:
    made = scenario("fluid", horizon_s=HORIZON_S, bin_s=10.0, **parameters)
    return outcome(published.run(made, seed=0), horizon_s=HORIZON_S).verdict


def test_a_stall_at_280_calls_a_second_leaves_560_for_ever() -> None:
    run = published.run(scenario("fluid", horizon_s=HORIZON_S), seed=0)
    assert run.counts["demand_per_s_at_end"] == 560.0
    assert run.counts["successes_per_s_at_end"] == 0.0
    assert run.samples.servers[0]["offered"][59] == 280.0
    assert run.samples.clients["clients"]["failed"][-1] == 280.0


@pytest.mark.parametrize(
    ("kind", "rate", "expected"),
    [
        ("retry", 149.0, STABLE),
        ("retry", 151.0, VULNERABLE),
        ("retry", 300.0, VULNERABLE),
        ("retry", 301.0, OVERLOADED),
        ("cache", 299.0, STABLE),
        ("cache", 301.0, VULNERABLE),
        ("cache", 2999.0, VULNERABLE),
        ("cache", 3001.0, OVERLOADED),
    ],
)
def test_regimes_change_where_the_paper_says(kind: str, rate: float, expected: int) -> None:
    assert regime(Fluid(kind=kind, rate_per_s=rate)) == expected


@pytest.mark.parametrize(
    ("kind", "rate", "expected"),
    [
        ("retry", 140.0, Verdict.HEALTHY),
        ("retry", 280.0, Verdict.STUCK),
        ("retry", 310.0, Verdict.OVERLOADED),
        ("cache", 290.0, Verdict.HEALTHY),
        ("cache", 2900.0, Verdict.STUCK),
        ("cache", 3100.0, Verdict.OVERLOADED),
    ],
)
def test_verdicts_of_the_simulated_course_say_the_same(kind: str, rate: float, expected: Verdict) -> None:
    assert verdict(kind=kind, rate_per_s=rate) is expected


@given(
    st.sampled_from(["retry", "cache"]),
    st.floats(1.0, 5000.0),
    st.floats(10.0, 1000.0),
    st.integers(0, 5),
    st.floats(0.0, 0.99),
)
def test_the_course_ends_in_the_fixed_point_of_its_regime(
    kind: str, rate: float, capacity: float, retries: int, hit_ratio: float
) -> None:
    model = Fluid(kind=kind, rate_per_s=rate, capacity_per_s=capacity, retries=retries, hit_ratio=hit_ratio)
    last = course(model, 100)[-1]
    near = min(abs(rate / edge - 1.0) for edge in (hidden_capacity(model), advertised_capacity(model)))
    if near < 1e-9:
        return
    if regime(model) == STABLE:
        assert last.failing == 0.0
        assert last.good == pytest.approx(rate)
    elif regime(model) == VULNERABLE or kind == "retry":
        assert last.demand == pytest.approx(worst_demand(model))
        assert last.failing == 1.0


def test_unknown_kinds_and_full_hit_ratios_are_refused() -> None:
    with pytest.raises(ScenarioError, match="must be one of retry, cache"):
        published.run(scenario("fluid", horizon_s=1.0, kind="queue"), seed=0)
    with pytest.raises(ScenarioError, match="misses"):
        published.run(scenario("fluid", horizon_s=1.0, hit_ratio=1.0), seed=0)
