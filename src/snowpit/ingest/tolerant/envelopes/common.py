"""Helpers that all envelopes share."""

from collections.abc import Iterator
from typing import Any

from snowpit.ingest.tolerant.kinds import Hints

Opened = Iterator[tuple[object, Hints]]
"""What was inside: values or texts, each with what the envelope knows of it."""


def at(value: Any, *path: str) -> Any:  # noqa: ANN401  evidence may hold any type
    """The value at a path of keys; null if there is none."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def named(hints: Hints, *candidates: object) -> Hints:
    """The hints, with the first candidate that is a name as server."""
    for candidate in candidates:
        if isinstance(candidate, str) and candidate:
            return hints._replace(server=candidate)
    return hints
