"""Facts about Kubernetes with the versions they hold for, and where they are known from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from snowpit.knowledge.ranges import fact_files, tables, versions_text
from snowpit.knowledge.version import Version

Value: TypeAlias = bool | int | float | str

MARKS = ("verified", "derived", "recalled")
"""``verified``: read in the source or thread named; ``derived``: arithmetic on such; ``recalled``: not checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactValue:
    """The value of a fact over one range of versions.

    Args:
        id: Id of the fact.
        title: What it is, in a few words.
        unit: Unit, empty for a number without one, text or truth value.
        value: The value; -1 means no limit where the fact is a limit.
        start: First version, empty if open.
        until: First version for which it no longer holds, empty if open.
        source: File and version, or thread.
        mark: How sure it is (see ``MARKS``).
        note: Remark, may be empty.
    """

    id: str
    title: str
    unit: str
    value: Value
    start: str
    until: str
    source: str
    mark: str
    note: str

    @property
    def versions(self) -> str:
        """The range of versions in words."""
        return versions_text(self.start, self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact with its values by version.

    Args:
        id: Stable name.
        title: What it is.
        unit: Unit.
        values: In order of versions; ranges do not overlap.
    """

    id: str
    title: str
    unit: str
    values: tuple[FactValue, ...]

    def at(self, version: Version) -> FactValue | None:
        """The value that holds at that version; null if none is known."""
        for value in self.values:
            if version.within(value.start, value.until):
                return value
        return None


def _fact(raw: Mapping[str, Any]) -> Fact:
    head = {"id": raw["id"], "title": raw["title"], "unit": raw.get("unit", "")}
    values = tuple(
        FactValue(
            **head,
            value=item["value"],
            start=item.get("from", ""),
            until=item.get("until", ""),
            source=item["source"],
            mark=item.get("mark", "verified"),
            note=item.get("note", ""),
        )
        for item in raw["value"]
    )
    return Fact(**head, values=values)


@cache
def load() -> tuple[Fact, ...]:
    """All facts, ordered by file and place."""
    return tuple(_fact(raw) for name in fact_files() for raw in tables("facts", name)["fact"])


def select(version: Version | None) -> Mapping[str, FactValue]:
    """The facts that hold at a version, by id.

    Args:
        version: The server's version; null keeps only facts that hold in every version alike.
    """
    if version is None:
        return {fact.id: fact.values[0] for fact in load() if len(fact.values) == 1}
    found = ((fact.id, fact.at(version)) for fact in load())
    return {name: value for name, value in found if value is not None}
