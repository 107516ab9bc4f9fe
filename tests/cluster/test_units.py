"""Durations, rates, shares and counts are read with their units, or refused with their place."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.cluster import units
from snowpit.errors import ScenarioError

SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
READERS: tuple[Callable[[object, str], object], ...] = (
    units.duration,
    units.rate,
    units.share,
    units.number,
    units.count,
    units.flag,
    units.text,
)
RAW = st.one_of(
    st.text(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.integers(), max_size=2),
    st.datetimes(),
    st.from_regex(r"[+-]?\d{0,400}\.?\d{0,9}([eE]\d{1,4})?\s?(ms|s|h|%|/s)?", fullmatch=True),
)


def refusal(reader: Callable[[object, str], object], raw: object) -> str:
    try:
        reader(raw, "here")
    except ScenarioError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [("60s", 60.0), ("5ms", 0.005), ("2m", 120.0), ("1h", 3600.0), ("90", 90.0), (2, 2.0), ("1.5 h", 5400.0)],
)
def test_a_duration_is_in_seconds(raw: object, seconds: float) -> None:
    assert units.duration(raw, "here") == pytest.approx(seconds)


@given(st.integers(0, 10**9), st.sampled_from(sorted(SECONDS)))
def test_every_unit_scales_a_duration(amount: int, unit: str) -> None:
    assert units.duration(f"{amount}{unit}", "here") == pytest.approx(amount * SECONDS[unit])


@pytest.mark.parametrize(("raw", "rate"), [("30/s", 30.0), ("90/m", 1.5), ("3600/h", 1.0), (7, 7.0)])
def test_a_rate_is_per_second(raw: object, rate: float) -> None:
    assert units.rate(raw, "here") == pytest.approx(rate)


@pytest.mark.parametrize(("raw", "share"), [("90%", 0.9), (0.5, 0.5), ("0.25", 0.25)])
def test_a_share_is_a_part_of_one(raw: object, share: float) -> None:
    assert units.share(raw, "here") == pytest.approx(share)


@pytest.mark.parametrize(
    ("reader", "raw"),
    [
        (units.duration, "-1s"),
        (units.duration, "5 parsecs"),
        (units.duration, "30/s"),
        (units.duration, True),
        (units.rate, "5ms"),
        (units.rate, -2),
        (units.share, "110%"),
        (units.count, -1),
        (units.count, 1.5),
        (units.count, "9" * 5000),
        (units.count, 10**9),
        (units.flag, "yes"),
        (units.flag, 1),
        (units.text, "a\x1b[31m"),
        (units.text, 7),
    ],
)
def test_a_value_that_breaks_its_rule_is_refused_with_its_place(
    reader: Callable[[object, str], object], raw: object
) -> None:
    with pytest.raises(ScenarioError, match=r"^file: key = ") as caught:
        reader(raw, "file: key")
    assert caught.value.message.isprintable()


@given(st.sampled_from(READERS), RAW)
def test_any_value_is_read_or_refused(reader: Callable[[object, str], object], raw: object) -> None:
    message = refusal(reader, raw)
    assert not message or message.isprintable()
    assert len(message) < 300


def test_only_where_allowed_a_duration_is_for_ever() -> None:
    assert units.duration("never", "here") == float("inf")
    with pytest.raises(ScenarioError):
        units.duration("never", "here", never=False)


def test_the_nearest_word_is_suggested() -> None:
    assert units.closest("leagcy_token", ("legacy_token", "certificate")) == "Did you mean legacy_token?"
