from hypothesis import given
from hypothesis import strategies as st

from snowpit.report.figures import plural, rate, seconds, share, size


def test_durations_take_the_unit_that_suits_them() -> None:
    assert [seconds(value) for value in (0.0053, 30.001, 599.8, 7300, 3 * 86_400, None)] == [
        "5.3 ms", "30.0 s", "10 min 0 s", "2 h 1 min", "3.0 days", "-",
    ]  # fmt: skip


@given(st.floats(0, 1e9))
def test_minutes_and_seconds_stay_below_sixty(value: float) -> None:
    assert " 60 s" not in seconds(value)
    assert " 60 min" not in seconds(value)


def test_small_shares_are_not_rounded_to_nothing_nor_large_ones_to_all() -> None:
    assert [share(value) for value in (0, 0.001, 0.5, 0.999, 1)] == ["0 %", "<1 %", "50 %", ">99 %", "100 %"]


def test_counts_rates_and_sizes_read_well() -> None:
    assert plural(1, "file") == "1 file"
    assert plural(2500, "file") == "2,500 files"
    assert [rate(value) for value in (0.0123, 12.34, 1234.5)] == ["0.012", "12.3", "1,234"]
    assert [size(value) for value in (12, 7_700_000, 2.5e15)] == ["12 B", "7.7 MB", "2,500.0 TB"]
