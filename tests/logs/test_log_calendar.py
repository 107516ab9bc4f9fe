"""Year and zone of headers that have neither."""

from datetime import UTC, datetime

import pytest

from snowpit.ingest.logs.calendar import Calendar

MICROS = 1_000_000


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * MICROS


WRITTEN = micros("2026-03-05T12:00:00")


@pytest.mark.parametrize(
    ("day", "year"),
    [(b"0305", 2026), (b"0306", 2026), (b"0307", 2025), (b"1231", 2025), (b"0101", 2026), (b"0229", 2024)],
)
def test_the_year_is_the_latest_that_is_not_in_the_future_of_the_file(day: bytes, year: int) -> None:
    found = Calendar(WRITTEN).instant(day, b"10:20:30.000001")
    assert found == micros(f"{year}-{day[:2].decode()}-{day[2:].decode()}T10:20:30") + 1


def test_the_year_turns_with_the_new_year_and_back_for_stragglers() -> None:
    calendar = Calendar(micros("2026-01-02T00:00:00"))
    found = [calendar.instant(day, b"00:00:00.000000") for day in (b"1231", b"0101", b"1231", b"0101")]
    assert found == [
        micros(f"{text}T00:00:00") for text in ("2025-12-31", "2026-01-01", "2025-12-31", "2026-01-01")
    ]


def test_a_trace_tells_year_and_zone() -> None:
    calendar = Calendar(WRITTEN)
    calendar.learn(b'"Create" (started: 2019-07-01 12:00:00.711123771 +0200 CEST m=+143.6) (total time: 2s):')
    assert calendar.instant(b"0701", b"12:00:02.000000") == micros("2019-07-01T10:00:02")
    assert calendar.notes() == [
        "the year 2019 is taken from dates in the log",
        "the zone UTC+02:00 is taken from times in the log",
    ]


def test_a_wrapping_with_a_full_time_tells_year_and_zone() -> None:
    calendar = Calendar(WRITTEN)
    beside = micros("2021-12-31T23:30:00")
    assert calendar.instant(b"0101", b"05:00:00.000000", beside) == micros("2021-12-31T23:30:00")


def test_without_anything_times_are_taken_as_utc_and_that_is_said() -> None:
    calendar = Calendar(WRITTEN)
    assert calendar.notes() == []
    calendar.instant(b"0305", b"10:20:30.5")
    assert calendar.notes()[1] == "times have no zone and are taken as UTC"


@pytest.mark.parametrize("day", [b"0230", b"1301", b"0000", b"9999"])
def test_a_date_that_does_not_exist_has_no_instant(day: bytes) -> None:
    assert Calendar(WRITTEN).instant(day, b"10:20:30.000000") is None
