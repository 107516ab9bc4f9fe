"""What must hold for any attempts at all: conservation, Little's identity, shares, exact concurrency."""

import dataclasses
import math
import random
from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.model.observation import Observed
from support.rows import SECOND, START, observed, row

INSTANTS = st.floats(0, 30).map(lambda value: round(value, 3))
CLASSES: tuple[dict[str, object], ...] = (
    {},
    {"verb": "patch", "group": "", "resource": "nodes", "subresource": "status", "code": 200},
    {"verb": "list", "group": "", "resource": "pods", "user": "alice", "code": 200, "uri": "?limit=500"},
    {"verb": "watch", "group": "", "resource": "pods", "user": "alice", "code": 200},
    {"verb": "get", "group": "", "resource": "secrets", "user": "system:apiserver", "code": 200},
    {
        "verb": "get",
        "group": None,
        "resource": None,
        "user": "system:anonymous",
        "uri": "/healthz",
        "code": 403,
    },
)
CODES = (None, 429, 504, 500, 401, 499, 0)


@st.composite
def attempts(draw: st.DrawFn) -> list[dict[str, object]]:
    """Up to forty attempts of any class, some refused, some without an end, some with a clock step."""
    made = []
    for number in range(draw(st.integers(1, 40))):
        columns = dict(draw(st.sampled_from(CLASSES)))
        code = draw(st.sampled_from(CODES))
        lasting = draw(st.one_of(st.none(), st.floats(-0.5, 20).map(lambda value: round(value, 3))))
        if lasting is None:
            columns["code"] = None
        elif code is not None:
            columns["code"] = code
        made.append(row(draw(INSTANTS), lasting, file=0, line=number + 1, **columns))
    return made


def seated(item: Mapping[str, object]) -> bool:
    return (
        item["verb"] != "watch"
        and item["user"] != "system:apiserver"
        and not (item["finished"] is not None and item["code"] in (429, 401))
    )


def intervals(rows: Sequence[Mapping[str, object]], *, mutating: bool) -> list[tuple[int, int]]:
    """Arrival and end of each attempt that holds a seat, as a reader would list them by hand."""
    last = max(max(int(str(item["received"])), int(str(item["finished"] or 0))) for item in rows) + 1
    return [
        (
            int(str(item["received"])),
            max(int(str(item["finished"])), int(str(item["received"])))
            if item["finished"] is not None
            else last,
        )
        for item in rows
        if seated(item) and (item["verb"] not in ("get", "list", "watch")) == mutating
    ]


def sweep(spans: Sequence[tuple[int, int]]) -> int:
    """Most intervals [start, end) that hold one instant in common."""
    return max((sum(1 for low, high in spans if low <= at < high) for at, _ in spans), default=0)


def timed(rows: Sequence[Mapping[str, object]]) -> bool:
    return any(
        item["finished"] is not None and int(str(item["finished"])) > int(str(item["received"]))
        for item in rows
    )


@settings(max_examples=40, deadline=None)
@given(attempts())
def test_every_attempt_is_counted_once(rows: list[dict[str, object]]) -> None:
    seen = observed(rows)
    assert seen.traffic.attempts == len(rows)
    assert sum(seen.traffic.outcomes.values()) == len(rows)
    assert sum(item.attempts for item in seen.traffic.classes) + seen.traffic.others == len(rows)
    assert sum(item.attempts for item in seen.kinds) == len(rows)
    assert sum(seen.timeline.series["arrived"]) == len(rows)
    ended = sum(seen.timeline.series["finished"])
    assert ended + seen.traffic.outcomes.get("open", 0) == len(rows)


@settings(max_examples=40, deadline=None)
@given(attempts())
def test_seat_time_is_the_integral_of_seats_held(rows: list[dict[str, object]]) -> None:
    if not timed(rows):
        return
    seen = observed(rows)
    for kind, mutating in ((seen.seats.mutating, True), (seen.seats.readonly, False)):
        total = sum(high - low for low, high in intervals(rows, mutating=mutating)) / SECOND
        integral = math.fsum(seen.timeline.series[f"held_{kind.kind}"]) * seen.timeline.step_s
        assert math.isclose(kind.held_s, total, abs_tol=1e-6)
        assert math.isclose(integral, total, abs_tol=1e-6)
        assert math.isclose(math.fsum(holder.held_s for holder in kind.holders), total, abs_tol=1e-6)


@settings(max_examples=60, deadline=None)
@given(attempts())
def test_the_peak_is_that_of_a_sweep_by_hand(rows: list[dict[str, object]]) -> None:
    if not timed(rows):
        return
    seen = observed(rows).seats
    for kind, mutating in ((seen.mutating, True), (seen.readonly, False)):
        assert kind.peak == sweep(intervals(rows, mutating=mutating))


@settings(max_examples=30, deadline=None)
@given(attempts())
def test_shares_sum_to_one(rows: list[dict[str, object]]) -> None:
    seen = observed(rows)
    for dimension in ("user", "source"):
        share = sum(item.share for item in seen.clients if item.dimension == dimension)
        assert math.isclose(share, 1.0)
    for kind in (seen.seats.mutating, seen.seats.readonly):
        if kind.held_s > 0:
            assert math.isclose(sum(holder.share for holder in kind.holders), 1.0)


@settings(max_examples=30, deadline=None)
@given(attempts(), st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_changes_nothing(
    rows: list[dict[str, object]], chance: random.Random
) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert observed(rows) == observed(shuffled)


@settings(max_examples=30, deadline=None)
@given(attempts())
def test_every_number_is_finite_and_no_duration_negative(rows: list[dict[str, object]]) -> None:
    for name, value in numbers(observed(rows)):
        assert math.isfinite(value), name
        if name.endswith("_s") and "step" not in name:
            assert value >= 0, name


def numbers(record: object, name: str = "") -> list[tuple[str, float]]:
    """All numbers in a record, with the names of their fields."""
    if isinstance(record, bool) or record is None:
        return []
    if isinstance(record, int | float):
        return [(name, float(record))]
    if dataclasses.is_dataclass(record):
        fields = [field.name for field in dataclasses.fields(record)]
        return [pair for field in fields for pair in numbers(getattr(record, field), field)]
    if isinstance(record, Mapping):
        return [pair for key, value in record.items() for pair in numbers(value, f"{name}.{key}")]
    if isinstance(record, tuple | list):
        return [pair for value in record for pair in numbers(value, name)]
    return []


def test_a_single_event_gives_a_window_and_no_rates_to_infinity() -> None:
    seen: Observed = observed([row(0, 0.0)])
    assert seen.window.start == START
    assert seen.traffic.attempts == 1
    assert seen.traffic.arrival_rate <= 1
    assert seen.traffic.classes[0].p50_s is None
    assert seen.change.at is None
    assert seen.waves == ()


def test_no_event_at_all_gives_empty_observations() -> None:
    seen = observed([])
    assert seen.traffic.attempts == 0
    assert seen.seats.mutating.peak == 0
    assert seen.reviews == ()


def test_lists_refused_by_authentication_are_no_lists() -> None:
    listing: dict[str, object] = {
        "verb": "list",
        "group": "",
        "resource": "pods",
        "user": None,
        "uri": "?limit=500",
    }
    seen = observed([row(0, 0.1, code=200, **listing), row(1, 0.1, code=401, **listing)])
    assert seen.lists.attempts == 1
    assert seen.logins.attempts == 1
