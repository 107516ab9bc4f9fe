"""Posture of a configuration against overload: rules that look before anything has happened.

One file in ``rules`` is one rule. A rule looks at the configuration and the
control plane and gives violations, each with the place to change. It measures
nothing and knows no other rule.
"""

from snowpit.lint.registry import RULES
from snowpit.lint.rule import Example, Result, Rule, Severity, Violation, check

__all__ = ["RULES", "Example", "Result", "Rule", "Severity", "Violation", "check"]
