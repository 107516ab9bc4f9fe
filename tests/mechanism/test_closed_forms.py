"""Closed forms against published tables, against each other at their limits, and against the curves they sum up."""

from math import exp, factorial, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.errors import ScenarioError
from snowpit.mechanism.cache_laws import (
    dogpile_recovery,
    lookup_rate_coalesced,
    lookup_ratio_coalesced,
    miss_ratio,
)
from snowpit.mechanism.limiter_laws import (
    bucket_burst_delay,
    bucket_delayed,
    bucket_mean_delay,
    burst_completion,
    critical_backlog,
    demand,
    full_seats,
    seats_limit,
)
from snowpit.mechanism.queueing import (
    erlang_b,
    erlang_c,
    md1_wait,
    mean_in_flight,
    mg1_wait,
    mm1_sojourn,
    mm1_sojourn_above,
    mmc_wait,
    mmc_wait_above,
)
from snowpit.mechanism.queueing_feedback import (
    erlang_a,
    machine_repair,
    retrial_orbit,
    retrial_rate,
    retry_amplification,
)


@pytest.mark.parametrize(
    ("servers", "load", "refused"),
    [
        (10, 8, 0.121661),
        (5, 4, 0.199067),
        (200, 190, 0.027968),
        (200, 250, 0.213715),
        (0, 3, 1.0),
        (3, 0, 0.0),
    ],
)
def test_erlang_b_agrees_with_tables(servers: int, load: float, refused: float) -> None:
    assert erlang_b(servers, load) == pytest.approx(refused, abs=5e-7)


@pytest.mark.parametrize(("servers", "load", "waiting"), [(5, 4, 0.554113), (10, 8, 0.409180), (1, 0.8, 0.8)])
def test_erlang_c_agrees_with_tables(servers: int, load: float, waiting: float) -> None:
    assert erlang_c(servers, load) == pytest.approx(waiting, abs=5e-7)


@given(st.integers(1, 60), st.floats(0.01, 0.99))
def test_erlang_c_agrees_with_its_textbook_sum(servers: int, rho: float) -> None:
    load = servers * rho
    top = load**servers / factorial(servers) / (1 - rho)
    below = sum(load**k / factorial(k) for k in range(servers))
    assert erlang_c(servers, load) == pytest.approx(top / (below + top), rel=1e-9, abs=1e-300)


@given(st.floats(0.01, 0.99), st.floats(0.0, 50.0))
def test_one_server_of_erlang_c_is_m_m_1(rho: float, seconds: float) -> None:
    assert mmc_wait(1, rho, service_rate=1.0) + 1.0 == pytest.approx(mm1_sojourn(rho, 1.0))
    above = mmc_wait_above(1, rho, service_rate=1.0, seconds=seconds)
    assert above == pytest.approx(rho * mm1_sojourn_above(rho, 1.0, seconds=seconds))
    assert mg1_wait(rho, 1.0, second_moment=2.0) == pytest.approx(mmc_wait(1, rho, service_rate=1.0))


def test_m_m_1_agrees_with_its_oracle() -> None:
    assert mean_in_flight(0.8, mm1_sojourn(0.8, 1.0)) == pytest.approx(4.0)
    assert mm1_sojourn_above(0.8, 1.0, seconds=10) == pytest.approx(exp(-2))


def test_saturated_systems_wait_for_ever() -> None:
    assert mm1_sojourn(1, 1) == mmc_wait(2, 2, service_rate=1) == md1_wait(50, 0.02) == inf
    assert erlang_c(4, 4) == 1.0
    assert bucket_mean_delay(50, 50, burst=3) == retrial_orbit(1, 1, retry_rate=1) == inf
    assert retrial_rate(2, 2, service_rate=1) == inf
    assert bucket_delayed(50, 50, burst=3) == 1.0


@pytest.mark.parametrize(
    ("servers", "rate", "theta", "expected"),
    [
        (1, 1.2, 0.1, (0.252828, 0.896607, 3.033932)),
        (5, 6.0, 0.5, (0.226387, 0.802838, 2.716639)),
        (50, 55.0, 0.2, (0.094376, 0.958484, 25.953438)),
    ],
)
def test_erlang_a_agrees_with_birth_death_sums(
    servers: int, rate: float, theta: float, expected: tuple[float, float, float]
) -> None:
    found = erlang_a(servers, rate, service_rate=1.0, abandonment_rate=theta)
    assert found == pytest.approx(expected, abs=6e-7)


def test_erlang_a_tends_to_erlang_c_as_patience_grows() -> None:
    found = erlang_a(5, 4.0, service_rate=1.0, abandonment_rate=1e-7)
    assert found.waiting == pytest.approx(erlang_c(5, 4), rel=1e-5)
    assert found.queue == pytest.approx(4.0 * mmc_wait(5, 4.0, service_rate=1.0), rel=1e-5)
    assert found.abandoning < 1e-6


def test_erlang_a_tends_to_erlang_b_as_patience_vanishes() -> None:
    assert erlang_a(5, 4.0, service_rate=1.0, abandonment_rate=1e9).abandoning == pytest.approx(
        erlang_b(5, 4), rel=1e-6
    )


@given(st.integers(1, 50), st.floats(0.1, 100.0), st.floats(0.01, 10.0))
def test_erlang_a_with_patience_like_service_has_a_poisson_number_inside(
    servers: int, rate: float, theta: float
) -> None:
    found = erlang_a(servers, rate, service_rate=theta, abandonment_rate=theta)
    served = rate * (1.0 - found.abandoning) / theta
    assert served + found.queue == pytest.approx(rate / theta, rel=1e-9)
    assert 0.0 <= found.abandoning <= found.waiting + 1e-12 <= 1.0 + 2e-12


def test_retrials_agree_with_the_exact_law_of_one_server_when_they_are_slow() -> None:
    assert retrial_orbit(0.7, 1.0, retry_rate=0.2) == pytest.approx(9.8)
    slow = retrial_orbit(0.5, 1.0, retry_rate=1e-6) * 1e-6 + 0.5
    assert retrial_rate(1, 0.5, service_rate=1.0) == pytest.approx(slow, rel=1e-5)


@given(st.integers(1, 200), st.floats(0.05, 0.95))
def test_with_retrials_everything_offered_is_carried(servers: int, rho: float) -> None:
    rate = rho * servers
    attempts = retrial_rate(servers, rate, service_rate=1.0)
    assert attempts * (1.0 - erlang_b(servers, attempts)) == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize(
    ("clients", "expected"), [(20, (1.682216, 3.177839, 1.889079)), (40, (1.999944, 20.00056, 10.00056))]
)
def test_machine_repair_agrees_with_its_oracle(clients: int, expected: tuple[float, float, float]) -> None:
    found = machine_repair(clients, 10.0, service_rate=2.0)
    assert found == pytest.approx(expected, rel=1e-6)
    assert found.throughput * (10.0 + found.sojourn) == pytest.approx(clients)


def test_machine_repair_with_a_server_per_client_knows_no_wait_and_thousands_of_clients_do_not_overflow() -> (
    None
):
    assert machine_repair(7, 3.0, service_rate=2.0, servers=7).sojourn == pytest.approx(0.5)
    assert machine_repair(5000, 1.0, service_rate=2.0).throughput == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("burst", "delayed", "mean_ms"), [(1, 0.8, 40.0), (5, 0.154625, 7.1779), (10, 0.017935, 0.83256)]
)
def test_the_delay_at_a_token_bucket_agrees_with_its_oracle(
    burst: int, delayed: float, mean_ms: float
) -> None:
    assert bucket_delayed(40, 50, burst=burst) == pytest.approx(delayed, abs=5e-7)
    assert bucket_mean_delay(40, 50, burst=burst) * 1e3 == pytest.approx(mean_ms, rel=2e-4)


def crommelin(rate: float, service: float, seconds: float) -> float:
    """P(wait of M/D/1 <= seconds) by the alternating sum of 1932, fit for short waits only."""
    terms = int(seconds / service + 1e-9) + 1
    parts = (rate * (seconds - k * service) for k in range(terms))
    return (1 - rate * service) * sum((-x) ** k / factorial(k) * exp(x) for k, x in enumerate(parts))


@given(st.floats(1.0, 49.0), st.integers(1, 12))
def test_the_law_of_the_bucket_agrees_with_crommelin(rate: float, burst: int) -> None:
    assert 1 - bucket_delayed(rate, 50, burst=burst) == pytest.approx(
        crommelin(rate, 0.02, (burst - 1) / 50), abs=1e-8
    )


def test_the_mean_delay_is_the_area_above_crommelins_law() -> None:
    step = 4 / 50 / 2000
    below = sum(1 - crommelin(40, 0.02, (k + 0.5) * step) for k in range(2000)) * step
    assert md1_wait(40, 0.02) - below == pytest.approx(bucket_mean_delay(40, 50, burst=5), rel=1e-4)


def test_a_burst_waits_in_order_and_a_full_bucket_takes_the_first_hundred() -> None:
    assert [bucket_burst_delay(k, 50, burst=100) for k in (1, 100, 101, 200)] == [0, 0, 0.02, 2.0]


@pytest.mark.parametrize(
    ("reviews", "first", "last"), [(100, 0.0, 2.0), (200, 2.0, 6.0), (500, 8.0, 18.0), (1000, 18.0, 38.0)]
)
def test_the_law_of_the_burst_is_the_recorded_one(reviews: int, first: float, last: float) -> None:
    """kube-apiserver 1.13.5: 200 at once 2.0 to 6.0 s; 500 as system:masters 7.4 to 18.0 s; storm 38.006 s."""
    assert burst_completion(0, reviews) == first
    assert burst_completion(reviews, reviews) == last


def test_full_seats_complete_25_reviews_a_second_and_750_outlast_30_seconds() -> None:
    assert full_seats(200, 50) == (25.0, 8.0)
    assert full_seats(2000, 50) == (25.0, 80.0)
    assert (seats_limit(50, 30), seats_limit(50, 10)) == (750.0, 250.0)
    assert full_seats(750, 50)[1] == 30.0


@pytest.mark.parametrize(
    ("rate", "ttl", "fill", "misses"),
    [
        (1, 10, 0, 0.09091),
        (1, 10, 3, 0.24922),
        (1, 10, 10, 0.36667),
        (10, 10, 5, 0.25500),
        (0.2, 10, 8, 0.48131),
    ],
)
def test_misses_without_coalescing_agree_with_simulation(
    rate: float, ttl: float, fill: float, misses: float
) -> None:
    assert miss_ratio(rate, ttl, fill=fill) == pytest.approx(misses, abs=5e-6)


@given(st.floats(0.01, 100.0), st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_coalescing_never_asks_more_and_an_instant_fill_makes_no_difference(
    rate: float, ttl: float, fill: float
) -> None:
    assert lookup_ratio_coalesced(rate, ttl, fill=fill) <= miss_ratio(rate, ttl, fill=fill) + 1e-12
    assert lookup_ratio_coalesced(rate, ttl) == pytest.approx(miss_ratio(rate, ttl))
    assert rate * lookup_ratio_coalesced(rate, ttl + 1, fill=fill) <= lookup_rate_coalesced(
        1, ttl + 1, fill=fill
    )


@pytest.mark.parametrize(
    ("requests", "backlog", "seconds"), [(100, 500, 130), (200, 500, 410), (400, 300, 870), (100, 3000, 780)]
)
def test_a_dogpile_of_one_token_ends_when_predicted(requests: float, backlog: float, seconds: float) -> None:
    assert dogpile_recovery(requests, backlog) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("requests", "lookups"), [(80, 125), (87.5, 101), (100, 76), (125, 51), (150, 38), (200, 25), (300, 15)]
)
def test_the_critical_backlog_is_the_published_one(requests: float, lookups: int) -> None:
    assert round(critical_backlog(requests, 50, tokens=100)) == lookups


def test_demand_rises_from_the_healthy_value_to_half_of_all_look_ups() -> None:
    curve = [demand(wait / 4, 100, tokens=100) for wait in range(400)]
    assert curve[0] == pytest.approx(2 * 100 / (10 + 1))
    assert curve == sorted(curve)
    assert demand(1e9, 100, tokens=100) == pytest.approx(100)


def test_no_backlog_is_critical_where_demand_never_reaches_capacity_and_none_is_needed_where_it_always_does() -> (
    None
):
    assert critical_backlog(50, 50, tokens=100) == inf
    assert critical_backlog(1000, 50, tokens=400) == 0.0


@given(st.integers(0, 6), st.integers(1, 6))
def test_each_layer_multiplies_the_tries(layers: int, tries: int) -> None:
    assert retry_amplification(layers + 1, tries) == tries * retry_amplification(layers, tries)


def test_arguments_out_of_range_are_named() -> None:
    with pytest.raises(ScenarioError, match="arrival_rate is -1"):
        mean_in_flight(-1, 2)
    with pytest.raises(ScenarioError, match="service_rate is 0"):
        mm1_sojourn(1, 0)
    with pytest.raises(ScenarioError, match="mean_sojourn is nan"):
        mean_in_flight(1, float("nan"))
    with pytest.raises(ScenarioError, match="less than one token"):
        bucket_delayed(1, 2, burst=0)
    with pytest.raises(ScenarioError, match="tries at least 1"):
        retry_amplification(1, 0)
