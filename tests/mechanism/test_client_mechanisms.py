"""Caches, single flight, backoff, retry budget and circuit breaker."""

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.mechanism import circuit_breaker, retry_budget, seats, single_flight, ttl_cache
from snowpit.mechanism.backoff import (
    GIVE_UP,
    REFLECTOR,
    REFLECTOR_TO_1_17,
    WEBHOOK,
    decorrelated_jitter,
    delay,
    equal_jitter,
    full_jitter,
    retry_after,
)

UNIT = st.floats(0.0, 1.0, exclude_max=True)


@given(st.lists(st.sampled_from(["ask", "master", "end"]), max_size=60), st.integers(1, 5))
def test_seats_taken_stay_between_none_and_the_limit(steps: list[str], limit: int) -> None:
    pool = seats.EMPTY
    fates: list[int] = []
    for step in steps:
        if step == "end" and fates:
            pool = seats.give_back(pool, fates.pop())
        elif step != "end":
            before = pool.taken
            pool, fate = seats.take(pool, limit) if step == "ask" else seats.take_privileged(pool, limit)
            fates.append(fate)
            assert (fate == seats.SEATED) == (before < limit), "work conserving: refused only when full"
        assert pool.taken == fates.count(seats.SEATED)
        assert 0 <= pool.taken <= limit


def test_masters_are_never_refused_and_the_rest_is_when_full() -> None:
    full = seats.Seats(200, 0)
    assert seats.take_privileged(full, 200)[1] == seats.PASSED
    assert seats.take(full, 200)[1] == seats.REJECTED
    assert seats.take_privileged(seats.EMPTY, 200)[1] == seats.SEATED


def test_a_limit_of_zero_turns_the_gate_off() -> None:
    assert seats.take(seats.EMPTY, 0) == (seats.EMPTY, seats.PASSED)


def test_a_burst_of_500_fills_200_seats_and_rejects_300() -> None:
    pool = seats.EMPTY
    for _ in range(500):
        pool, _ = seats.take(pool, 200)
    assert pool == seats.Seats(200, 300)


def test_an_entry_lives_from_the_end_of_its_look_up_and_failures_are_not_kept() -> None:
    kept = ttl_cache.kept_until(ttl_cache.NEVER, 5.0, ttl_cache.SERVER_SUCCESS_TTL_S)
    assert (ttl_cache.fresh(kept, 14.9), ttl_cache.fresh(kept, 15.0)) == (True, False)
    assert ttl_cache.kept_until(kept, 9.0, ttl_cache.SERVER_FAILURE_TTL_S) == kept
    assert not ttl_cache.fresh(ttl_cache.NEVER, -1e9)


@given(st.lists(st.integers(0, 9), max_size=80))
def test_a_stripe_keeps_what_an_ordered_dictionary_would(keys_asked: list[int]) -> None:
    keys, used = [ttl_cache.FREE] * 4, [0.0] * 4
    toy: OrderedDict[int, None] = OrderedDict()
    for step, key in enumerate(keys_asked, 1):
        assert (ttl_cache.slot_of(keys, key) >= 0) == (key in toy)
        slot = ttl_cache.store(keys, used, key, float(step))
        toy[key] = None
        toy.move_to_end(key)
        if len(toy) > 4:
            toy.popitem(last=False)
        assert keys[slot] == key
        assert sorted(item for item in keys if item != ttl_cache.FREE) == sorted(toy)


def test_hashes_fall_evenly_into_32_stripes() -> None:
    counts = [0] * ttl_cache.STRIPES
    for hashed in range(3200):
        counts[ttl_cache.stripe_of(hashed, ttl_cache.STRIPES)] += 1
    assert set(counts) == {100}


def test_a_thousand_askers_share_one_look_up_that_outlives_them() -> None:
    flight, leaders = single_flight.GROUNDED, 0
    for step in range(1000):
        flight, leads = single_flight.join(flight, 1.0 + step)
        leaders += leads
    assert leaders == 1
    assert single_flight.must_end(flight, single_flight.LOOKUP_LIMIT_S) == 31.0
    for _ in range(1000):
        flight = single_flight.leave(flight)
    assert flight.flying
    assert single_flight.join(flight, 5000.0)[1] is False
    assert single_flight.land(flight) == (single_flight.GROUNDED, 0)


@given(UNIT)
def test_a_webhook_client_sleeps_between_4_06_and_4_88_seconds_in_five_tries(u: float) -> None:
    delays = [delay(WEBHOOK, failures, u) for failures in range(1, 6)]
    assert delays[-1] == GIVE_UP
    assert 4.0625 <= sum(delays[:-1]) <= 4.875


def test_a_kubelet_that_sees_only_429_sends_50_posts_in_about_49_to_50_seconds() -> None:
    posts, spent = 0, 0.0
    for outer in range(1, 6):
        for inner in range(1, 100):
            posts += 1
            wait = retry_after(1.0, inner, 10)
            if wait == GIVE_UP:
                break
            spent += wait
        spent += max(0.0, delay(WEBHOOK, outer, 0.5))
    assert posts == 50
    assert spent == pytest.approx(49.47, abs=0.01)


def test_an_answer_without_retry_after_is_not_retried_by_client_go() -> None:
    assert retry_after(-1.0, 1, 10) == GIVE_UP
    assert [retry_after(1.0, failures, 11) for failures in (10, 11)] == [1.0, GIVE_UP]


@given(st.integers(1, 10_000), UNIT)
def test_a_reflector_waits_at_most_a_minute_however_long_it_fails(failures: int, u: float) -> None:
    assert 0.8 <= delay(REFLECTOR, failures, u) <= 60.0
    assert delay(REFLECTOR_TO_1_17, failures, u) == 1.0


def test_the_delays_of_a_reflector_double_up_to_30_seconds() -> None:
    seen = [delay(REFLECTOR, failures, 0.0) for failures in range(1, 9)]
    assert seen == pytest.approx([0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0])


@given(st.integers(1, 2000), UNIT, st.floats(5.0, 2000.0))
def test_jittered_delays_stay_within_their_laws(failures: int, u: float, previous: float) -> None:
    most = min(2000.0, 5.0 * 2.0 ** min(failures - 1, 30))
    assert 0.0 <= full_jitter(5.0, 2000.0, failures, u) <= most
    assert most / 2 <= equal_jitter(5.0, 2000.0, failures, u) <= most
    assert 5.0 <= decorrelated_jitter(5.0, 2000.0, previous, u) <= min(2000.0, 3.0 * previous)


@given(st.lists(st.booleans(), max_size=200))
def test_retries_never_exceed_the_budget_and_its_share_of_successes(successes: list[bool]) -> None:
    budget, retries = 0.0, 0
    for success in successes:
        if success:
            budget = retry_budget.earn(budget, retry_budget.SHARE, 10.0)
        else:
            budget, allowed = retry_budget.spend(budget)
            retries += allowed
    assert retries <= sum(successes) * retry_budget.SHARE + 1e-9
    assert budget >= 0.0


def test_a_breaker_opens_after_failures_in_a_row_probes_once_and_closes() -> None:
    breaker = circuit_breaker.FRESH
    for _ in range(2):
        breaker = circuit_breaker.failed(breaker, 3, 1.0)
    breaker = circuit_breaker.succeeded(breaker)
    for _ in range(2):
        breaker = circuit_breaker.failed(breaker, 3, 1.0)
    assert breaker.state == circuit_breaker.CLOSED, "a success between starts the count anew"
    breaker = circuit_breaker.failed(breaker, 3, 2.0)
    assert circuit_breaker.ask(breaker, 10.0, 11.9)[1] is False
    probing, sent = circuit_breaker.ask(breaker, 10.0, 12.0)
    assert sent
    assert circuit_breaker.ask(probing, 10.0, 13.0)[1] is False
    assert circuit_breaker.succeeded(probing).state == circuit_breaker.CLOSED
    assert circuit_breaker.failed(probing, 3, 13.0) == circuit_breaker.Breaker(circuit_breaker.OPEN, 4, 13.0)


def test_late_answers_do_not_move_an_open_breaker() -> None:
    breaker = circuit_breaker.Breaker(circuit_breaker.OPEN, 3, 2.0)
    assert circuit_breaker.succeeded(breaker) == breaker
    assert circuit_breaker.failed(breaker, 3, 9.0) == breaker
