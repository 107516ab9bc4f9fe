"""Every rule tells its good examples from its bad ones, and says why."""

from pathlib import Path

import pytest

from snowpit.cluster.control_plane import build
from snowpit.cluster.observed import told
from snowpit.knowledge.version import Version
from snowpit.lint import RULES, Example, Result, Rule, Severity, check
from snowpit.lint.rule import ORDER, versions
from snowpit.observe.configuration import configuration
from support.configured import configured

GOOD = [(rule, example) for rule in RULES for example in rule.good]
BAD = [(rule, example) for rule in RULES for example in rule.bad]


def asked(folder: Path, rule: Rule, example: Example) -> list[Result]:
    with configured(folder, {example.file: example.text}) as (tables, coverage):
        assert coverage.rejected == 0
        found = configuration(tables)
    assert found is not None
    version = Version.parse(example.version) if example.version else None
    first = next(iter(versions(found, build(version=version))), (None, None))[0]
    plane = build(version=version or first, observed=told(found, version or first).values)
    return check([rule], found, plane)


@pytest.mark.parametrize(("rule", "example"), GOOD, ids=lambda value: getattr(value, "id", ""))
def test_a_good_example_keeps_the_rule(tmp_path: Path, rule: Rule, example: Example) -> None:
    worst = ORDER.index(rule.severity)
    results = asked(tmp_path, rule, example)
    assert [result for result in results if ORDER.index(result.severity) <= worst] == []


@pytest.mark.parametrize(("rule", "example"), BAD, ids=lambda value: getattr(value, "id", ""))
def test_a_bad_example_breaks_the_rule_at_a_place(tmp_path: Path, rule: Rule, example: Example) -> None:
    results = asked(tmp_path, rule, example)
    assert results
    assert all(result.pointer and result.pointer.path.endswith(example.file) for result in results)
    lines = example.text.count("\n")
    assert all(1 <= result.pointer.line <= lines for result in results if result.pointer)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_complete(rule: Rule) -> None:
    assert rule.good
    assert rule.bad
    assert rule.sources
    assert rule.why.endswith(".")
    assert rule.remedy.endswith((".", ").", "there)."))
    assert rule.id == rule.find.__module__.rpartition(".")[2].replace("_", "-")


def test_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_a_note_is_given_where_a_release_makes_it_harmless(tmp_path: Path) -> None:
    rule = next(rule for rule in RULES if rule.id == "scraper-token")
    text = "metrics-server --metric-resolution=15s\n"
    (old,) = asked(tmp_path, rule, Example(text, "1.12.4", "flags.txt"))
    (new,) = asked(tmp_path, rule, Example(text, "1.30.0", "flags.txt"))
    assert (old.severity, new.severity) == (Severity.WARNING, Severity.NOTE)
