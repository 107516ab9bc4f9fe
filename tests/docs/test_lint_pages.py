"""Every rule has its page, and no page is left over."""

from pathlib import Path

from snowpit.lint import RULES

FOLDER = Path(__file__).resolve().parents[2] / "docs/reference/lint"


def test_pages_are_those_of_the_rules() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {rule.id for rule in RULES} | {"index"}


def test_the_how_to_shows_output_that_the_program_prints() -> None:
    text = (FOLDER.parents[1] / "how-to/lint.md").read_text("utf-8")
    rule = next(rule for rule in RULES if rule.id == "inflight-unlimited")
    assert f"[{rule.id}] wanted: {rule.title}\n" in text
    assert f"  do:  {rule.remedy}\n" in text
