"""Evidence that lacks something or is broken: no crash, no nonsense, null instead of zero."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.model.observation import Observed
from snowpit.observe import OBSERVATIONS, observe, prepare
from snowpit.store import Tables

T0 = 1_700_000_000_000_000
YEAR = 365 * 86_400 * 1_000_000

EVENT: dict[str, object] = {
    "received": T0,
    "finished": T0 + 5_000,
    "verb": "list",
    "group": "",
    "resource": "pods",
    "user": "ann",
    "code": 200,
    "stage": "ResponseComplete",
    "level": "Metadata",
    "file": 0,
    "line": 1,
}


def observed(rows: Iterable[Mapping[str, object]]) -> Observed:
    with Tables() as tables:
        tables.append(rows)
        return observe(tables)


def numbers(value: Any) -> Iterable[float]:
    """Every number in a record."""
    if is_dataclass(value):
        for field in fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield from (number for item in value.values() for number in numbers(item))
    elif isinstance(value, tuple):
        yield from (number for item in value for number in numbers(item))
    elif isinstance(value, int | float):
        yield value


def test_no_evidence_at_all_gives_empty_observations() -> None:
    found = observed([])
    assert found.traffic.attempts == 0
    assert found.policy.blind == ("There are no requests in the window: nothing can be concluded.",)


def test_a_single_event_is_one_a_second_at_most() -> None:
    found = observed([EVENT])
    assert found.traffic.arrival_rate == 1.0
    assert found.traffic.classes[0].p50_s == pytest.approx(0.005)
    assert found.change.at is None
    assert found.waves == ()


def test_events_at_one_instant_do_not_divide_by_zero() -> None:
    found = observed([{**EVENT, "finished": T0}] * 50)
    assert found.traffic.arrival_rate == 50.0
    assert found.traffic.classes[0].p50_s is None


def test_without_ends_sojourn_times_are_null_and_seats_are_not_counted() -> None:
    found = observed({**EVENT, "received": T0 + i * 1000, "finished": T0 + i * 1000} for i in range(100))
    assert found.traffic.classes[0].p99_s is None
    assert found.kinds[0].p50_s is None
    assert found.lists.p50_s is None
    assert found.seats.readonly.held_s == 0.0
    assert any("sojourn" in sentence for sentence in found.policy.blind)


def test_only_received_events_are_open_and_hold_nothing() -> None:
    row = {**EVENT, "finished": None, "code": None, "stage": "RequestReceived"}
    found = observed({**row, "received": T0 + i * 1_000_000} for i in range(20))
    assert found.open_requests.count == 20
    assert found.traffic.outcomes == {"open": 20}
    assert found.seats.readonly.held_s == 0.0


def test_times_years_apart_keep_the_timeline_short() -> None:
    found = observed([EVENT, {**EVENT, "received": T0 + 6 * YEAR, "finished": T0 + 6 * YEAR + 1000}])
    assert len(found.timeline.series["arrived"]) <= 4000
    assert sum(found.timeline.series["arrived"]) == 2
    assert len(found.policy.gaps) == 1


def test_ends_before_arrivals_count_as_zero_and_are_told() -> None:
    found = observed([EVENT, {**EVENT, "received": T0 + 9_000, "finished": T0 - 9_000_000}])
    assert found.seats.readonly.held_s == pytest.approx(0.005)
    assert any("clock step" in sentence for sentence in found.policy.blind)


def test_the_version_decides_what_the_clock_shows() -> None:
    with Tables() as tables:
        tables.append([EVENT])
        views = [observe(tables, server_version=version).policy for version in [None, (1, 19, 3), (1, 20, 0)]]
    assert [view.authentication_timed for view in views] == [None, False, True]
    assert sum("authentication" in " ".join(view.blind) for view in views) == 2


def test_a_restricted_window_is_all_that_is_looked_at() -> None:
    with Tables() as tables:
        tables.append({**EVENT, "received": T0 + i, "finished": T0 + i + 10} for i in range(100))
        assert observe(tables).traffic.attempts == 100
        tables.restrict("received < ?", [T0 + 30])
        assert observe(tables).traffic.attempts == 30
        tables.restrict("received < 0")
        assert observe(tables).traffic.attempts == 0


ODD = st.fixed_dictionaries(
    {
        "received": st.one_of(st.none(), st.integers(T0, T0 + 200_000_000)),
        "finished": st.one_of(st.none(), st.integers(T0, T0 + 200_000_000)),
        "verb": st.sampled_from([None, "", "get", "list", "watch", "create", "'; --", "\x1b[31m"]),
        "resource": st.sampled_from([None, "", "pods", "tokenreviews", "secrets", "subjectaccessreviews"]),
        "user": st.sampled_from([None, "", "system:apiserver", "system:node:a", "system:node:b", "x"]),
        "code": st.sampled_from([None, 0, 200, 201, 401, 404, 410, 429, 499, 500, 504]),
        "uri": st.sampled_from([None, "?", "?limit=5", "?resourceVersion=0&continue=", "/healthz"]),
        "user_agent": st.sampled_from(
            [None, "", "kubelet/v1.12.2 (linux)", "kubelet/", "kube-apiserver/v1.31.4"]
        ),
        "webhooks": st.sampled_from([None, 0, 5, 10_000_000]),
        "level": st.sampled_from([None, "Metadata", "RequestResponse"]),
        "file": st.sampled_from([None, 0, 7]),
        "line": st.sampled_from([None, 1]),
    }
)


@settings(max_examples=15, deadline=None)
@given(st.lists(ODD, max_size=60))
def test_any_rows_give_finite_numbers_and_shares_within_bounds(rows: list[dict[str, object]]) -> None:
    found = observed(rows)
    assert all(math.isfinite(number) for number in numbers(found))
    assert all(0 <= item.held_share <= 1 + 1e-9 for item in found.traffic.classes)
    assert all(0 <= item.share <= 1 + 1e-9 for item in found.clients)


def test_the_same_rows_give_the_same_answer() -> None:
    rows = [{**EVENT, "received": T0 + i * 7, "user": f"u{i % 9}", "line": i} for i in range(500)]
    assert observed(rows) == observed(rows)
    assert observed(rows) == observed(rows[::-1])


@pytest.mark.parametrize("observation", OBSERVATIONS, ids=lambda item: item.name)
def test_each_observation_runs_alone_and_says_what_it_cannot_see(observation: Any) -> None:
    with Tables() as tables:
        tables.append([EVENT])
        observation.function(tables, prepare(tables))
    text = observation.function.__doc__
    assert all(heading in text for heading in ("Unit:", "Assumptions:", "How computed:", "Cannot see:"))
