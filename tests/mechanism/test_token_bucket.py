"""The limiter: reservations in order, its arrival curve, and agreement with a toy that counts tokens."""

import heapq
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from snowpit.mechanism.line import FIFO, LIFO, codel, codel_idle, position
from snowpit.mechanism.token_bucket import (
    Bucket,
    full,
    give_back,
    level,
    most_admitted,
    reserve,
    reserve_within,
    wait_for,
)

GAPS = st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.3, 5.0]), min_size=1, max_size=120)
RATES = st.sampled_from([5.0, 20.0, 50.0])
BURSTS = st.sampled_from([1.0, 10.0, 100.0])


def departures(gaps: list[float], rate: float, burst: float) -> tuple[list[float], list[Bucket]]:
    now, bucket = 0.0, full(burst, 0.0)
    out, states = [], [bucket]
    for gap in gaps:
        now += gap
        bucket, wait = reserve(bucket, rate, burst, now)
        out.append(now + wait)
        states.append(bucket)
    return out, states


@given(GAPS, RATES, BURSTS)
def test_the_bucket_never_holds_more_than_its_burst(gaps: list[float], rate: float, burst: float) -> None:
    _, states = departures(gaps, rate, burst)
    assert all(level(state, rate, burst, state.at + 1e6) <= burst for state in states)


@given(GAPS, RATES, BURSTS)
def test_who_reserves_first_acts_first(gaps: list[float], rate: float, burst: float) -> None:
    out, _ = departures(gaps, rate, burst)
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(out))


@given(GAPS, RATES, BURSTS)
def test_no_span_shows_more_departures_than_the_arrival_curve(
    gaps: list[float], rate: float, burst: float
) -> None:
    out, _ = departures(gaps, rate, burst)
    for i, start in enumerate(out):
        for count, end in enumerate(out[i:], 1):
            assert count <= most_admitted(rate, burst, end - start) + 1e-6


@given(GAPS, RATES, BURSTS)
def test_a_caller_waits_only_when_the_curve_is_pressed(gaps: list[float], rate: float, burst: float) -> None:
    """Work conserving: whoever waits departs on the full curve from some earlier arrival on."""
    out, states = departures(gaps, rate, burst)
    arrivals = [state.at for state in states[1:]]
    for i, end in enumerate(out):
        if end > arrivals[i] + 1e-9:
            spans = ((i - j + 1, end - arrivals[j]) for j in range(i + 1))
            assert any(count >= most_admitted(rate, burst, span) - 1e-6 for count, span in spans)


@given(GAPS, RATES, BURSTS)
def test_the_announced_wait_is_the_wait_of_a_reservation(
    gaps: list[float], rate: float, burst: float
) -> None:
    _, states = departures(gaps, rate, burst)
    for state in states:
        assert wait_for(state, rate, burst, state.at) == pytest.approx(
            reserve(state, rate, burst, state.at)[1]
        )


def test_time_does_not_run_backwards() -> None:
    bucket = Bucket(3.0, 10.0, 10.0)
    after, wait = reserve(bucket, 1.0, 5.0, 2.0)
    assert (after.tokens, after.at, wait) == (2.0, 10.0, 0.0)


def test_a_rate_of_minus_one_is_no_limit() -> None:
    bucket = full(0.0, 0.0)
    assert reserve(bucket, -1.0, 0.0, 9.0) == (bucket, 0.0)
    assert reserve_within(bucket, -1.0, 1.0, 9.0, 0.0) == (bucket, 0.0, True)
    assert give_back(bucket, -1.0, 0.0, 9.0, 9.0) == bucket
    assert wait_for(bucket, -1.0, 0.0, 9.0) == 0.0


def test_a_wait_beyond_the_deadline_is_refused_at_once_and_takes_nothing() -> None:
    bucket = Bucket(-99.0, 0.0, 1.98)
    assert reserve_within(bucket, 50.0, 100.0, 0.0, 1.99) == (bucket, 2.0, False)
    after, wait, taken = reserve_within(bucket, 50.0, 100.0, 0.0, 2.0)
    assert (after.tokens, wait, taken) == (-100.0, 2.0, True)


def test_the_newest_reservation_gives_its_token_back_entirely() -> None:
    before = Bucket(-5.0, 1.0, 1.1)
    after, wait = reserve(before, 50.0, 100.0, 1.0)
    back = give_back(after, 50.0, 100.0, 1.0, 1.0 + wait)
    assert back.tokens == pytest.approx(before.tokens)
    assert back.last == pytest.approx(before.last)


def test_what_was_reserved_later_is_not_given_back() -> None:
    bucket, first = reserve(Bucket(-5.0, 1.0, 1.1), 50.0, 100.0, 1.0)
    later, _ = reserve(bucket, 50.0, 100.0, 1.0)
    assert give_back(later, 50.0, 100.0, 1.0, 1.0 + first).tokens == pytest.approx(later.tokens)


def test_a_reservation_that_has_acted_gives_nothing_back() -> None:
    bucket, wait = reserve(Bucket(0.0, 0.0, 0.0), 50.0, 100.0, 0.0)
    assert give_back(bucket, 50.0, 100.0, wait + 0.001, wait) == bucket


@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=30), st.data())
def test_giving_back_never_lifts_the_bucket_above_its_burst(gaps: list[float], data: st.DataObject) -> None:
    out, states = departures(gaps, 5.0, 4.0)
    newest = states[-1]
    act_at = data.draw(st.sampled_from(out))
    back = give_back(newest, 5.0, 4.0, newest.at, act_at)
    assert newest.tokens <= back.tokens <= 4.0


@pytest.mark.parametrize(("reviews", "first", "last"), [(100, 0.0, 2.0), (200, 2.0, 6.0), (500, 8.0, 18.0)])
def test_a_burst_of_cold_reviews_is_answered_as_a_real_server_did(
    reviews: int, first: float, last: float
) -> None:
    """Recorded from kube-apiserver 1.13.5: silence to (M - 100)/50 s, then 50 a second to (2M - 100)/50 s."""
    bucket = full(100.0, 0.0)
    line = [(0.0, 2)] * reviews
    ends = []
    while line:
        now, left = heapq.heappop(line)
        if left == 0:
            ends.append(now)
            continue
        bucket, wait = reserve(bucket, 50.0, 100.0, now)
        heapq.heappush(line, (now + wait + 0.005, left - 1))
    assert len(ends) == reviews
    assert ends[0] == pytest.approx(first, abs=0.035)
    assert ends[-1] == pytest.approx(last, abs=0.035)


class ToyBucket(RuleBasedStateMachine):
    """The law of kubernetes.md in exact steps: tokens = min(burst, tokens + qps dt) - 1, wait = -tokens/qps."""

    def __init__(self) -> None:
        super().__init__()
        self.bucket = full(10.0, 0.0)
        self.now = 0.0
        self.tokens = 10.0
        self.agree = True

    @rule(gap=st.integers(0, 16))
    def call(self, gap: int) -> None:
        self.now += gap / 8
        self.tokens = min(10.0, self.tokens + 4.0 * gap / 8) - 1
        self.bucket, wait = reserve(self.bucket, 4.0, 10.0, self.now)
        self.agree = wait == max(0.0, -self.tokens / 4.0)

    @invariant()
    def both_say_the_same(self) -> None:
        assert self.agree
        assert self.bucket.tokens == self.tokens


TestToyBucket = ToyBucket.TestCase


def test_the_line_is_served_from_the_end_that_its_order_names() -> None:
    assert [position(4, FIFO), position(4, LIFO), position(0, FIFO), position(0, LIFO)] == [0, 3, -1, -1]


def test_codel_drops_nothing_while_some_request_of_an_interval_was_fast() -> None:
    state, dropped = codel_idle(0.0), []
    for step in range(60):
        delay = 0.001 if step % 7 == 0 else 0.5
        state, drop = codel(state, 0.005, 0.1, step * 0.01, delay)
        dropped.append(drop)
    assert not any(dropped)


def test_codel_drops_the_slow_after_one_interval_of_delay_and_recovers() -> None:
    state, dropped = codel_idle(0.0), []
    for step, delay in enumerate([0.5] * 15 + [0.009] * 20 + [0.001] * 15 + [0.5] * 5):
        state, drop = codel(state, 0.005, 0.1, step * 0.01, delay)
        dropped.append(drop)
    assert not any(dropped[:10])
    assert all(dropped[10:15])
    assert not any(dropped[15:])
