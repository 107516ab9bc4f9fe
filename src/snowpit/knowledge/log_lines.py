"""Lines of component logs that mean something: how to recognise them and what they tell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from snowpit.knowledge.ranges import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRule:
    """One kind of line.

    Args:
        id: What happened, in a few words; the subject of lines whose pattern names none.
        kind: A name of ``model.log_line.KINDS``.
        needs: A piece that every such message holds.
        begins: Regular expression of its beginning, for messages of severity I; empty if those do not count.
        pattern: Regular expression with the named groups seconds, verb, subject, client and code.
        component: Who writes it, in words.
        versions: In which releases, in words.
        source: File that writes it.
    """

    id: str
    kind: str
    needs: str
    begins: str
    pattern: str
    component: str
    versions: str
    source: str


def _rule(raw: Mapping[str, Any]) -> LineRule:
    return LineRule(
        id=raw["id"],
        kind=raw["kind"],
        needs=raw["needs"],
        begins=re.escape(raw["needs"]) if raw.get("start") else raw.get("begins", ""),
        pattern=raw["pattern"],
        component=raw["component"],
        versions=raw["versions"],
        source=raw["source"],
    )


@cache
def line_rules() -> tuple[LineRule, ...]:
    """All of them; the first whose pattern is found names a line."""
    return tuple(_rule(raw) for raw in tables("log_lines.toml")["line"])
