"""Every fact says since when, until when, and according to whom."""

from itertools import pairwise

import pytest

from snowpit.knowledge.facts import MARKS, Fact, load, select
from snowpit.knowledge.version import Version

LIMITED = ("1.8.0", "1.12.0", "1.12.10", "1.13.11", "1.14.0", "1.14.7", "1.15.0", "1.15.4", "1.16.0")
UNLIMITED = ("1.13.12", "1.14.8", "1.14.10", "1.15.5", "1.16.1", "1.16.15", "1.17.0", "1.31.4")


def test_ids_are_unique() -> None:
    ids = [fact.id for fact in load()]
    assert len(ids) == len(set(ids)) > 30


@pytest.mark.parametrize("fact", load(), ids=lambda fact: fact.id)
def test_ranges_of_a_fact_are_ordered_and_do_not_overlap(fact: Fact) -> None:
    for before, after in pairwise(fact.values):
        assert before.until, f"{fact.id}: an endless range is followed by another"
        assert Version.parse(after.start).at_least(before.until)


@pytest.mark.parametrize("fact", load(), ids=lambda fact: fact.id)
def test_every_value_has_a_source_and_a_mark(fact: Fact) -> None:
    assert fact.title
    for value in fact.values:
        assert value.source
        assert value.mark in MARKS


@pytest.mark.parametrize("version", LIMITED)
def test_the_loopback_client_is_limited_in(version: str) -> None:
    assert select(Version.parse(version))["loopback_qps"].value == 50


@pytest.mark.parametrize("version", UNLIMITED)
def test_the_loopback_client_is_not_limited_in(version: str) -> None:
    assert select(Version.parse(version))["loopback_qps"].value == -1


@pytest.mark.parametrize(
    ("version", "limit"), [("1.12.2", 30), ("1.16.15", 30), ("1.17.0", 34), ("1.31.0", 34)]
)
def test_create_handlers_give_up_after(version: str, limit: int) -> None:
    assert select(Version.parse(version))["handler_timeout_s"].value == limit


@pytest.mark.parametrize(
    ("name", "before", "first"),
    [
        ("informer_first", "1.13.12", "1.14.0"),
        ("token_cache_coalesces", "1.17.17", "1.18.0"),
        ("audit_clock_includes_authentication", "1.19.16", "1.20.0"),
        ("priority_and_fairness", "1.19.16", "1.20.0"),
        ("disconnect_frees_seat", "1.20.15", "1.21.0"),
    ],
)
def test_a_change_comes_with_its_release(name: str, before: str, first: str) -> None:
    assert select(Version.parse(before))[name].value is False
    assert select(Version.parse(first))[name].value is True


def test_for_an_unknown_version_only_what_always_holds_is_told() -> None:
    facts = select(None)
    assert facts["max_mutating_requests_inflight"].value == 200
    assert "loopback_qps" not in facts
