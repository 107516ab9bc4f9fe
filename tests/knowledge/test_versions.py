"""Versions are read from whatever servers and vendors write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.errors import FactError
from snowpit.knowledge.version import Version


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.12", (1, 12, None)),
        ("v1.12.2", (1, 12, 2)),
        ("v1.12.2-gke.1", (1, 12, 2)),
        ("1.27.3+k3s1", (1, 27, 3)),
        (" v1.31.4-eks-abc123 ", (1, 31, 4)),
    ],
)
def test_a_version_is_read_whatever_the_vendor_appends(
    text: str, expected: tuple[int, int, int | None]
) -> None:
    assert tuple(Version.parse(text)) == expected


@pytest.mark.parametrize("text", ["", "latest", "1", "2.3.4.5.6x", "1.x", "v1.", "\x1b[31m1.12"])
def test_what_is_no_version_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(FactError) as caught:
        Version.parse(text)
    assert caught.value.hint
    assert "\x1b" not in caught.value.message


@given(st.integers(0, 99), st.none() | st.integers(0, 99))
def test_what_is_written_is_read_back(minor: int, patch: int | None) -> None:
    version = Version(1, minor, patch)
    assert Version.parse(str(version)) == version


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_of_two_versions_the_later_is_at_least_the_earlier(
    minor: int, patch: int, other: int, step: int
) -> None:
    first, second = Version(1, minor, patch), Version(1, other, step)
    assert first.at_least(second) == ((minor, patch) >= (other, step))
