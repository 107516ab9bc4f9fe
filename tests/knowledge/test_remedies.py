"""Remedies fit the server's version, patch release included."""

import pytest

from snowpit.knowledge.ranges import tables
from snowpit.knowledge.remedies import remedies
from snowpit.knowledge.version import Version


def ids(detector: str, version: str | None) -> list[str]:
    return [item.id for item in remedies(detector, Version.parse(version) if version else None)]


@pytest.mark.parametrize(
    ("version", "patch"),
    [("1.13.5", "patch-1-13"), ("1.14.7", "patch-1-14"), ("1.15.0", "patch-1-15"), ("1.16.0", "patch-1-16")],
)
def test_the_patch_release_without_the_limiter_is_named(version: str, patch: str) -> None:
    named = [item for item in ids("token_review_storm", version) if item.startswith("patch-")]
    assert named == [patch]


@pytest.mark.parametrize("version", ["1.12.10", "1.13.12", "1.14.8", "1.15.5", "1.16.1", "1.17.0", "1.31.0"])
def test_no_patch_release_is_named_where_none_helps(version: str) -> None:
    assert not [item for item in ids("token_review_storm", version) if item.startswith("patch-")]


def test_on_1_12_the_scraper_comes_first_and_the_upgrade_last() -> None:
    order = ids("token_review_storm", "1.12.4")
    assert order[:2] == ["stop-token-scraper", "scraper-client-certificate"]
    assert order.index("lower-mutating-limit") < order.index("upgrade-1-14") < order.index("upgrade-apf")


def test_raising_the_limit_is_warned_of_with_the_number_from_which_it_never_heals() -> None:
    texts = " ".join(
        f"{item.text} {item.caution}" for item in remedies("token_review_storm", Version(1, 12, 4))
    )
    assert "750" in texts
    assert "never heals" in texts
    assert "system:masters" in texts


def test_a_current_server_is_not_told_to_upgrade_to_old_releases() -> None:
    assert not [item for item in ids("token_review_storm", "1.31.0") if item.startswith(("upgrade", "patch"))]


def test_for_an_unknown_version_the_condition_stands_in_the_text() -> None:
    by_id = {item.id: item for item in remedies("token_review_storm", None)}
    assert "1.13.12" in by_id["patch-1-13"].text
    assert by_id["patch-1-14"].text != by_id["patch-1-13"].text


def test_every_remedy_has_a_source_and_a_known_urgency() -> None:
    for raw in tables("remedies.toml")["remedy"]:
        assert raw["source"]
        assert raw["text"].endswith(".")
        assert raw["when"] in {"now", "soon", "for good"}
        assert raw["for"]
