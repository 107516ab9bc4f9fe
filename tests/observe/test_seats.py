"""Seats rebuilt from intervals: Little's identity, the exact peak, ceilings, exempt and refused requests."""

import random
from collections.abc import Iterable, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.model.observation import Observed
from snowpit.observe import observe, prepare
from snowpit.observe.ceiling import flat_top
from snowpit.observe.seats import seats
from snowpit.observe.timeline import timeline
from snowpit.store import Tables

T0 = 1_700_000_000_000_000


def attempt(start_s: float, lasts_s: float | None, **other: object) -> dict[str, object]:
    """A write by one user; times in seconds since T0."""
    start = T0 + round(start_s * 1e6)
    row: dict[str, object] = {
        "received": start,
        "finished": None if lasts_s is None else start + round(lasts_s * 1e6),
        "verb": "create",
        "group": "",
        "resource": "pods",
        "user": "ann",
        "groups": "system:authenticated",
        "code": None if lasts_s is None else 201,
        "stage": "RequestReceived" if lasts_s is None else "ResponseComplete",
        "level": "Metadata",
        "file": 0,
        "line": 1,
    }
    return {**row, **other}


def observed(rows: Iterable[Mapping[str, object]]) -> Observed:
    with Tables() as tables:
        tables.append(rows)
        return observe(tables)


def sweep(intervals: list[tuple[int, int]]) -> int:
    """Most intervals at one instant, by brute force; half-open, so that an end makes room for a start."""
    return max((sum(1 for a, b in intervals if a <= at < b) for at, _ in intervals), default=0)


INTERVALS = st.lists(st.tuples(st.integers(0, 8_000_000), st.integers(1, 5_000_000)), min_size=1, max_size=40)


@settings(max_examples=20, deadline=None)
@given(INTERVALS)
def test_the_peak_and_the_seat_time_equal_a_brute_force_sweep(spans: list[tuple[int, int]]) -> None:
    with Tables() as tables:
        tables.append(attempt(start / 1e6, length / 1e6) for start, length in spans)
        scope = prepare(tables)
        found = seats(tables, scope).mutating
        line = timeline(tables, scope)
    assert found.peak == sweep([(start, start + length) for start, length in spans])
    assert abs(found.held_s - sum(length for _, length in spans) / 1e6) < 1e-6
    assert abs(sum(line.series["held_mutating"]) * line.step_s - found.held_s) < 1e-6


@settings(max_examples=10, deadline=None)
@given(INTERVALS, st.integers(0, 5))
def test_what_arrived_has_ended_or_is_open(spans: list[tuple[int, int]], still: int) -> None:
    rows = [attempt(start / 1e6, length / 1e6) for start, length in spans]
    rows += [attempt(index, None) for index in range(still)]
    with Tables() as tables:
        tables.append(rows)
        found = observe(tables)
    series = found.timeline.series
    assert sum(series["arrived"]) == len(rows) == found.traffic.attempts
    assert sum(series["finished"]) + found.open_requests.count == len(rows)
    assert series["open"][-1] == still == found.open_requests.count
    assert abs(sum(item.share for item in found.seats.mutating.holders) - 1) < 1e-9


def test_a_closed_loop_at_a_gate_shows_the_gate() -> None:
    rows = []
    for seat in range(40):
        at = seat * 0.013
        while at < 60:
            rows.append(attempt(at, 2.0))
            at += 2.0
    rows += [attempt(second + 0.5, 0.0002, code=429) for second in range(1, 59)]
    found = observed(rows).seats.mutating
    assert (found.peak, found.plateau) == (40, 40)
    assert found.plateau_share > 0.9
    assert found.rejected == 58
    assert found.rejected_on_plateau > 0.95


def test_a_burst_that_stands_four_seconds_shows_the_gate() -> None:
    rows = [attempt(10 + index / 1e5, 2 + index / 50) for index in range(200)]
    rows += [attempt(10.01 + index / 1e5, 0.1, code=429) for index in range(300)]
    rows += [attempt(second * 0.7, 0.005) for second in range(100)]
    found = observed(rows).seats.mutating
    assert found.plateau is not None
    assert 196 <= found.plateau <= 204
    assert found.rejected_on_plateau > 0.9


def test_free_traffic_has_no_plateau() -> None:
    for seed, (rate, lasts) in enumerate([(100, 0.5), (300, 0.1), (20, 3.0)]):
        chance = random.Random(seed)  # noqa: S311
        at, rows = 0.0, []
        while at < 30:
            at += chance.expovariate(rate)
            rows.append(attempt(at, chance.expovariate(1 / lasts)))
        assert observed(rows).seats.mutating.plateau is None


def test_low_levels_are_no_evidence_of_a_ceiling() -> None:
    assert flat_top({5: 60_000_000}) is None
    assert flat_top({200: 60_000_000}) == 200


def test_refused_exempt_and_long_running_requests_hold_no_seat() -> None:
    rows = [
        attempt(0, 5, code=429),
        attempt(0, 5, code=401, user=None),
        attempt(0, 5, groups="system:masters"),
        attempt(0, 5, user="system:apiserver"),
        attempt(0, 5, verb="watch", code=200),
        attempt(0, 5, verb="create", subresource="exec"),
        attempt(1, 2),
    ]
    found = observed(rows).seats
    assert (found.mutating.held_s, found.mutating.peak) == (2.0, 1)
    assert found.readonly.held_s == 0.0
    assert found.readonly.peak_at is None


def test_of_two_servers_the_busier_is_shown() -> None:
    rows = [attempt(0, 1, server="a"), attempt(0, 8, server="b"), attempt(1, 8, server="b")]
    found = observed(rows).seats
    assert (found.server, found.servers, found.mutating.peak) == ("b", 2, 2)


def test_an_open_request_counts_to_the_end_of_the_window() -> None:
    found = observed([attempt(0, None), attempt(0, 10)])
    assert abs(found.seats.mutating.held_s - 20) < 1e-5
    assert found.open_requests.oldest_s is not None
    assert abs(found.open_requests.oldest_s - 10) < 1e-5


def test_an_open_request_counts_no_further_than_a_gap_in_the_evidence() -> None:
    found = observed([attempt(0, None), attempt(0, 10), attempt(1000, 1)])
    assert found.seats.mutating.held_s < 10 + 1 + 12
