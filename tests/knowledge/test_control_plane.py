"""Every parameter of the control plane remembers where its value comes from."""

import pytest

from snowpit.cluster.control_plane import build
from snowpit.errors import FactError
from snowpit.knowledge.version import Version


def test_defaults_come_from_facts_with_their_reference() -> None:
    value = build(version=Version(1, 12, 4)).values["max_mutating_requests_inflight"]
    assert (value.value, value.source) == (200, "fact")
    assert value.reference


def test_what_the_user_says_wins_and_is_marked() -> None:
    plane = build(version=Version(1, 12, 4), limits={"mutating": 1000, "readonly": 3000})
    assert plane.limit("mutating") == 1000
    assert plane.limit("readonly") == 3000
    assert plane.values["max_requests_inflight"].source == "flag"


def test_without_a_version_what_depends_on_it_is_not_known() -> None:
    plane = build(version=None)
    assert plane.number("loopback_qps") is None
    assert plane.flag("informer_first") is None
    assert plane.may("informer_first")
    assert plane.limit("mutating") == 200


@pytest.mark.parametrize("limits", [{"writes": 5}, {"mutating": -1}])
def test_a_limit_that_cannot_be_is_refused_with_a_hint(limits: dict[str, int]) -> None:
    with pytest.raises(FactError) as caught:
        build(version=None, limits=limits)
    assert caught.value.hint
