"""Priority and fairness: shares, borrowing, dealing, choice of queue, width of requests."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.mechanism import fair_queue as fq
from snowpit.mechanism.priority_levels import (
    Bounds,
    bounds,
    divide,
    floor_seats,
    nominal_seats,
    part,
    smoothed_demand,
)
from snowpit.mechanism.shuffle_sharding import crowded_out, deal, shortest
from snowpit.mechanism.width import ORDINARY, list_width, most_held, work, write_width

TO_1_19 = {
    "system": 30,
    "leader-election": 10,
    "workload-high": 40,
    "workload-low": 20,
    "global-default": 100,
}
TO_1_21 = TO_1_19 | {"workload-low": 100, "global-default": 20}


@pytest.mark.parametrize(
    ("shares", "seats"),
    [
        (TO_1_19 | {"catch-all": 1}, [90, 30, 120, 60, 299, 3]),
        (TO_1_21 | {"catch-all": 5}, [88, 30, 118, 293, 59, 15]),
        (TO_1_21 | {"catch-all": 5, "node-high": 40}, [74, 25, 98, 245, 49, 13, 98]),
    ],
    ids=["1.18", "1.20", "1.22"],
)
def test_nominal_seats_are_those_of_kubernetes(shares: dict[str, int], seats: list[int]) -> None:
    whole = sum(shares.values())
    assert [nominal_seats(600, share, whole) for share in shares.values()] == seats


def test_rounding_up_explains_the_seats_published_for_a_managed_service() -> None:
    """aws-eks-best-practices#305: workload-high 165, global-default 83, catch-all 21 of 600.

    The sum of shares is not published there: 146 is the only one for which 40, 20 and 5 shares round up to these.
    """
    sums = [
        whole
        for whole in range(65, 400)
        if [nominal_seats(600, x, whole) for x in (40, 20, 5)] == [165, 83, 21]
    ]
    assert sums == [146]


def test_lendable_and_borrowable_seats_bound_a_level() -> None:
    assert bounds(74, 33, -1, 600) == Bounds(74, 50, 600)
    assert bounds(245, 90, 0, 600) == Bounds(245, 24, 245)
    assert part(5, 50) == 3


def test_demand_counts_at_once_when_it_rises_and_fades_when_it_falls() -> None:
    assert smoothed_demand(10.0, 40.0, 5.0, 0.977) == 45.0
    assert smoothed_demand(100.0, 0.0, 0.0, 0.977) == pytest.approx(97.7)


def test_an_adjustment_leaves_a_level_what_it_used_up_to_nominal() -> None:
    limits = Bounds(74, 50, 600)
    assert [floor_seats(limits, demand) for demand in (0.0, 60.0, 900.0)] == [50.0, 60.0, 74.0]


@given(
    st.lists(
        st.tuples(st.floats(0.0, 500.0), st.integers(0, 50), st.integers(0, 300)), min_size=1, max_size=8
    ),
    st.floats(0.0, 1.0),
)
def test_borrowing_conserves_the_total_and_is_in_proportion(
    levels: list[tuple[float, int, int]], place: float
) -> None:
    least = [float(low) for _, low, _ in levels]
    most = [float(low + room) for _, low, room in levels]
    target = [max(low, wanted) for (wanted, _, _), low in zip(levels, least, strict=True)]
    total = sum(least) + place * (sum(most) - sum(least))
    seats = [0.0] * len(levels)
    divide(total, target, least, most, seats)
    assert sum(seats) == pytest.approx(total, abs=1e-6)
    assert all(low - 1e-9 <= got <= high + 1e-9 for low, got, high in zip(least, seats, most, strict=True))
    free = [
        got / max(0.001, want)
        for low, got, high, want in zip(least, seats, most, target, strict=True)
        if low + 1e-6 < got < high - 1e-6
    ]
    assert not free or max(free) == pytest.approx(min(free), rel=1e-6, abs=1e-6)


@given(st.integers(0, 2**63 - 1), st.sampled_from([(128, 6), (64, 6), (16, 4), (5, 5), (1, 1)]))
def test_a_hand_holds_distinct_queues_of_the_deck(hashed: int, size: tuple[int, int]) -> None:
    deck, count = size
    hand = [0] * count
    deal(hashed, deck, hand)
    assert len(set(hand)) == count
    assert all(0 <= queue < deck for queue in hand)


def test_every_ordered_hand_is_dealt_by_exactly_one_residue() -> None:
    hands = []
    for hashed in range(6 * 5 * 4):
        hand = [0, 0, 0]
        deal(hashed, 6, hand)
        hands.append(tuple(hand))
    assert sorted(hands) == sorted(permutations(range(6), 3))


@pytest.mark.parametrize(
    ("hand", "deck", "heavy", "chance"),
    [
        (12, 32, 1, 4.428838398950118e-09),
        (12, 32, 4, 0.11431348830099144),
        (12, 32, 16, 0.9935089607656024),
        (10, 64, 16, 0.49999929150089345),
        (6, 256, 4, 2.9516464018476436e-07),
    ],
)
def test_crowding_out_is_as_improbable_as_kubernetes_publishes(
    hand: int, deck: int, heavy: int, chance: float
) -> None:
    assert crowded_out(deck, hand, heavy=heavy) == pytest.approx(chance, rel=1e-9)


def test_the_least_loaded_queue_of_a_hand_is_chosen_and_ties_take_turns() -> None:
    work_waiting = [9.0, 2.0, 5.0, 2.0]
    assert shortest([0, 1, 2], work_waiting, 0) == 1
    assert [shortest([0, 1, 2, 3], [1.0] * 4, offset) for offset in range(5)] == [0, 1, 2, 3, 0]
    assert [shortest([1, 3], work_waiting, offset) for offset in (0, 1)] == [1, 3]


def test_a_request_is_rejected_only_when_its_queue_and_all_seats_are_full() -> None:
    assert fq.arrive(50, 50, 74, 74) == fq.REJECT
    assert fq.arrive(50, 50, 73, 74) == fq.QUEUE
    assert fq.arrive(49, 50, 74, 74) == fq.QUEUE
    assert [fq.arrive_without_queues(used, 13) for used in (12, 13)] == [fq.EXECUTE, fq.REJECT]


def test_a_wait_of_more_than_a_quarter_of_the_request_timeout_is_too_long() -> None:
    assert [fq.overdue(1.0, now, fq.QUEUE_WAIT_LIMIT_S) for now in (16.0, 16.1)] == [False, True]


def test_virtual_time_runs_by_seats_per_active_queue() -> None:
    assert fq.rate_of_virtual_time(3, 10, 2) == 1.5
    assert fq.rate_of_virtual_time(300, 10, 4) == 2.5
    assert fq.rate_of_virtual_time(0, 10, 0) == 0.0


def test_an_idle_queue_saves_up_nothing() -> None:
    assert fq.start_on_arrival(3.0, 50.0, 0, 0) == 50.0
    assert fq.start_on_arrival(3.0, 50.0, 0, 1) == 3.0
    assert fq.start_after_dispatch(3.0, 1.0, 50.0) == 50.0
    assert fq.start_after_end(60.0, 1.0, 0.25, float("-inf")) == 59.25


def test_nothing_is_chosen_where_nothing_waits_and_ties_take_turns() -> None:
    assert fq.next_queue([0.0, 0.0], [-1.0, -1.0], 0) == -1
    assert [fq.next_queue([1.0] * 3, [1.0] * 3, last) for last in range(3)] == [1, 2, 0]
    assert fq.next_queue([5.0, 1.0, 0.0], [1.0, 1.0, -1.0], 0) == 1


@given(st.integers(1, 6), st.lists(st.integers(0, 3), min_size=20, max_size=20))
def test_backlogged_flows_get_equal_seat_seconds_whatever_their_width(limit: int, widths: list[int]) -> None:
    """Four queues always backlogged, each with its own seats per request, one seat-second per seat: in the long
    run their work differs by no more than the two largest requests."""
    width = [1 + item % 2 for item in widths[:4]]
    start, served, last = [0.0] * 4, [0.0] * 4, 0
    for _ in range(200 * limit):
        last = fq.next_queue(start, [float(item) for item in width], last)
        start[last] = fq.start_after_dispatch(start[last], float(width[last]), 0.0)
        served[last] += width[last]
    assert max(served) - min(served) <= 2 * max(width)


@given(st.lists(st.integers(1, 10), max_size=40), st.integers(1, 12))
def test_seats_in_use_never_exceed_the_level_but_for_one_wide_request(wants: list[int], limit: int) -> None:
    in_use = executing = 0
    for seats in wants:
        if fq.room_for(seats, in_use, executing, limit):
            in_use, executing = in_use + seats, executing + 1
        elif seats <= limit:
            assert in_use + seats > limit, "work conserving: refused only for lack of seats"
        assert in_use <= limit or executing == 1


def test_requests_take_the_seats_that_kubernetes_estimates() -> None:
    assert [list_width(count).seats for count in (0, 100, 101, 1000, 10**6)] == [1, 1, 2, 10, 10]
    assert write_width(0) == ORDINARY
    assert (write_width(25).final_seats, write_width(25).final_s) == (3, 0.005)
    assert work(write_width(500), 0.0) == pytest.approx(50 * 0.005)
    assert most_held(write_width(500)) == 10
    assert work(list_width(250), 2.0) == 6.0
