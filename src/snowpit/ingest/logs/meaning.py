"""What a message tells, by the catalogue of lines."""

import re
from functools import cache
from typing import NamedTuple

from snowpit.ingest.privacy import kept
from snowpit.ingest.redact import redact
from snowpit.ingest.tolerant.times import duration
from snowpit.knowledge.log_lines import LineRule, line_rules

LONGEST = 16 << 10
"""Bytes of a message, its continuation lines included, that are looked at."""

_SUBJECT = 300
_FLAG = re.compile(r'FLAG: --([\w.-]+)="(.*)"\s*\Z', re.DOTALL)
_STATUS = re.compile(r"\b(?:code|resp|status)[=: ]+\"?(\d{3})\b")


class Rule(NamedTuple):
    """A rule of the catalogue with its pattern compiled."""

    line: LineRule
    search: re.Pattern[str]


@cache
def rules() -> tuple[Rule, ...]:
    """The catalogue; its patterns are compiled when a component log is read."""
    return tuple(Rule(line, re.compile(line.pattern)) for line in line_rules())


def meaning(message: str) -> dict[str, object] | None:
    """Columns of the log-line table that a message tells; null if it means nothing here.

    Args:
        message: Without its header.
    """
    message = message[:LONGEST]
    for rule in rules():
        if rule.line.needs in message and (found := rule.search.search(message)):
            return _columns(rule.line, found, message)
    return None


def _columns(rule: LineRule, found: re.Match[str], message: str) -> dict[str, object]:
    groups = found.groupdict()
    told = groups.get("seconds") or groups.get("took")
    micros = duration(told) if told else None
    subject = redact(_path(groups.get("subject") or groups.get("checks") or "").strip()) or rule.id
    status = _STATUS.search(message)
    return {
        "kind": rule.kind,
        "seconds": micros / 1e6 if micros is not None else None,
        "verb": groups.get("verb"),
        "subject": subject[:_SUBJECT],
        "client": redact(groups["client"])[:_SUBJECT] if groups.get("client") else None,
        "code": int(status[1]) if status else None,
        "count": 1,
    }


def _path(subject: str) -> str:
    """A URL without scheme, host and query."""
    if subject.startswith(("http://", "https://")):
        _, _, rest = subject.partition("://")
        path = "/" + rest.partition("/")[2]
        return path.partition("?")[0]
    return subject


def flag(message: str) -> tuple[str, str] | None:
    """Name and value of a flag as logged at start, a secret value blanked; null if it is no such line."""
    found = _FLAG.match(message)
    if found is None:
        return None
    name, value = found.groups()
    return name, kept(name, value)
