"""The orbit chain gives the printed figures; its laws agree with closed forms, dense linear algebra and its own paths.

Reference: github.com/mpi-sws-rse/metafor, single-server model, with sparse solves of the same equations.
"""

from statistics import mean, stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from snowpit.errors import ScenarioError
from snowpit.observe.outcome import Verdict, outcome
from snowpit.simulate import published
from snowpit.simulate.published.elimination import eliminate, hitting_times, stationary
from snowpit.simulate.published.orbit import figures
from snowpit.simulate.published.orbit_chain import Orbit, lateness, rates, relaxation
from support.published import scenario

SLOW_ESCAPES = {(9.5, 3.0): 7.6315345e13, (9.0, 3.0): 2.7943388e12}
"""Mean times from full to empty in 60-digit arithmetic, s. The printed 7.667e13 and 2.796e12 carry the rounding of
a solver in double precision."""


@pytest.mark.parametrize(
    ("rate", "timeout", "retries", "queue", "above", "relaxed", "escape"),
    [
        (9.5, 3.0, 4, "96.863", "0.9685", "40.9", ""),
        (9.0, 3.0, 4, "96.581", "0.9557", "85.7", ""),
        (8.0, 3.0, 4, "95.744", "0.9104", "682.3", "4.783e+09"),
        (7.0, 3.0, 4, "94.012", "0.8129", "15611", "1.147e+07"),
        (6.0, 3.0, 4, "3.924", "0.0165", "40095", "4.107e+04"),
        (5.0, 3.0, 4, "1.002", "0.0000", "357", "330.6"),
        (9.7, 9.0, 3, "89.263", "0.7507", "482.7", "9991"),
        (9.0, 9.0, 3, "11.598", "0.0198", "625.0", "727.4"),
        (5.0, 9.0, 3, "1.000", "0.0000", "9.0", "22.63"),
    ],
)
def test_every_row_of_the_published_table_is_met_to_its_digits(
    rate: float, timeout: float, retries: int, *, queue: str, above: str, relaxed: str, escape: str
) -> None:
    found = dict(figures(Orbit(arrival_rate=rate, timeout_s=timeout, retries=retries)))
    decimals = len(relaxed.partition(".")[2])
    assert f"{found['mean_queue']:.3f}" == queue
    assert f"{found['probability_above_90']:.4f}" == above
    assert f"{found['relaxation_s']:.{decimals}f}" == relaxed
    if escape:
        assert f"{found['full_to_empty_s']:.4g}" == escape
    else:
        assert found["full_to_empty_s"] == pytest.approx(SLOW_ESCAPES[rate, timeout], rel=1e-7)


def test_the_exact_tail_relaxes_more_slowly_than_the_bound_says() -> None:
    assert f"{dict(figures(Orbit(arrival_rate=8.0, tail='erlang')))['relaxation_s']:.0f}" == "3926"


def test_the_bound_is_never_below_the_exact_tail() -> None:
    bound, exact = lateness(Orbit()), lateness(Orbit(tail="erlang"))
    assert np.all(bound >= exact)
    assert exact[1] == pytest.approx(np.exp(-30.0))


def test_without_copies_it_is_a_queue_with_bounded_room() -> None:
    # Without alpha nobody enters the orbit: M/M/1/19, P(q) = (1 - rho) rho^q / (1 - rho^20).
    model = Orbit(arrival_rate=8.0, alpha=0.0, queue=20, orbit=3)
    law = stationary(eliminate(rates(model))).reshape(20, 3)
    weight = 0.8 ** np.arange(20)
    assert law[:, 0] == pytest.approx(weight / weight.sum(), rel=1e-12)
    assert np.all(law[:, 1:] == 0.0)


def test_a_queue_without_arrivals_to_speak_of_drains_one_service_after_the_other() -> None:
    model = Orbit(arrival_rate=1e-12, alpha=0.0, queue=30, orbit=2)
    assert hitting_times(eliminate(rates(model)), 2)[58] == pytest.approx(29 / 10.0)


@settings(max_examples=15, deadline=None)
@given(
    st.floats(1.0, 12.0),
    st.floats(0.5, 9.0),
    st.integers(1, 6),
    st.floats(0.0, 1.0),
    st.sampled_from(["bound", "erlang"]),
)
def test_elimination_agrees_with_dense_algebra(
    rate: float, timeout: float, retries: int, alpha: float, tail: str
) -> None:
    model = Orbit(
        arrival_rate=rate, timeout_s=timeout, retries=retries, alpha=alpha, tail=tail, queue=9, orbit=4
    )
    between = rates(model)
    generator = between.toarray() - np.diag(between.toarray().sum(axis=1))
    chain = eliminate(between)
    law = stationary(chain)
    assert law @ generator == pytest.approx(np.zeros(36), abs=1e-12)
    times = hitting_times(chain, 4)
    assert generator[4:] @ times == pytest.approx(-np.ones(32), rel=1e-9)
    gap = sorted(-np.linalg.eigvals(generator).real)[1]
    assert relaxation(between, 10.0) == pytest.approx(1.0 / gap, rel=1e-6)


def test_paths_spend_their_time_as_the_stationary_law_says() -> None:
    made = scenario("orbit", horizon_s=2000.0, bin_s=1.0, arrival_rate=7.0, timeout_s=9.0, retries=3)
    paths = [published.run(made, seed=seed) for seed in range(8)]
    means = [mean(path.samples.servers[0]["queued"]) for path in paths]
    expected = paths[0].counts["mean_queue"]
    assert abs(mean(means) - expected) <= t.ppf(0.999, 7) * stdev(means) / 8**0.5


def test_a_path_filled_once_stays_full_though_it_was_well_before() -> None:
    made = scenario("orbit", horizon_s=3600.0, bin_s=10.0, arrival_rate=7.0, tail="erlang", filled_at_s=600.0)
    run = published.run(made, seed=1)
    assert outcome(run, horizon_s=3600.0).verdict is Verdict.STUCK
    queue = run.samples.servers[0]["queued"]
    assert max(queue[:60]) < 40
    assert min(queue[60:]) > 60


def test_requests_are_conserved_along_a_path() -> None:
    run = published.run(scenario("orbit", horizon_s=500.0), seed=3)
    clients, server = run.samples.clients["clients"], run.samples.servers[0]
    assert sum(clients["attempts"]) == sum(server["offered"])
    assert sum(server["answered"]) + sum(server["wasted"]) + sum(server["rejected"]) == sum(server["offered"])
    assert min(server["queued"]) >= 0
    assert max(server["queued"]) <= 99


def test_an_unknown_tail_is_refused() -> None:
    with pytest.raises(ScenarioError, match="tail is 'normal'"):
        published.run(scenario("orbit", horizon_s=1.0, tail="normal"), seed=0)
