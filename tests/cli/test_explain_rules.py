"""Lint rules are explained and completed by name."""

import pytest
from click.shell_completion import ShellComplete

from snowpit.cli import main
from snowpit.cli.explain import explained
from snowpit.lint import RULES, Rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_lint_rule_is_explained_with_its_remedy(rule: Rule) -> None:
    text = explained(rule.id)
    assert rule.title in text
    assert rule.remedy in text


def test_the_shell_completes_names_of_lint_rules() -> None:
    found = ShellComplete(main, {}, "snowpit", "_SNOWPIT_COMPLETE").get_completions(["explain"], "webhook-t")
    assert [item.value for item in found] == ["webhook-timeout"]
