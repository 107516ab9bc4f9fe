"""Well-known clients of the API server: how to recognise them, what trouble they are known for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from snowpit.knowledge.ranges import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClient:
    """One program that operators meet in audit logs.

    Args:
        id: Short name.
        title: What it is.
        patterns: Lower-case pieces of its user name or user agent.
        trouble: What it is known to do to API servers; may be empty.
        source: Where that is known from.
    """

    id: str
    title: str
    patterns: tuple[str, ...]
    trouble: str
    source: str


def _client(raw: Mapping[str, Any]) -> KnownClient:
    return KnownClient(
        id=raw["id"],
        title=raw["title"],
        patterns=tuple(raw["patterns"]),
        trouble=raw.get("trouble", ""),
        source=raw.get("source", ""),
    )


@cache
def known() -> tuple[KnownClient, ...]:
    """All of them, the more specific ones first."""
    return tuple(_client(raw) for raw in tables("clients.toml")["client"])


def recognise(user: str, user_agent: str = "") -> KnownClient | None:
    """The client behind a user name or user agent; null if it is not a known one."""
    text = f"{user} {user_agent}".lower()
    for client in known():
        if any(pattern in text for pattern in client.patterns):
            return client
    return None
