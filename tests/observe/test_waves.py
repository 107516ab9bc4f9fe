"""Any series of counts has a period or none; the search never fails."""

from hypothesis import given
from hypothesis import strategies as st

from snowpit.observe.waves import period


@given(st.lists(st.integers(0, 50), max_size=120), st.integers(2, 60))
def test_a_period_lies_within_what_was_looked_at(values: list[int], longest: int) -> None:
    found = period(values, longest=longest)
    assert found is None or (2 <= found[0] <= longest and 0 < found[1] <= 1)
