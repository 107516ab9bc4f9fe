"""Facts about Kubernetes by version, from ``facts/*.toml``: value, unit, versions, source, mark.

Marks: ``verified`` (the source at that version, or the thread, was read),
``derived`` (arithmetic on verified facts), ``recalled`` (from memory, unchecked).
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from snowpit.errors import FactError
from snowpit.knowledge.version import Range, Version

FOLDER = Path(__file__).parent / "facts"
MARKS = ("verified", "derived", "recalled")

Scalar = int | float | bool | str | None


class Value(NamedTuple):
    """The value of a fact in one range of versions; null means: there is no such limit or thing."""

    versions: Range
    value: Scalar
    source: str
    mark: str
    note: str


class Fact(NamedTuple):
    """One thing that Kubernetes does, with its value in every range of versions."""

    id: str
    title: str
    unit: str
    values: tuple[Value, ...]


class FactValue(NamedTuple):
    """What a fact says for one version.

    Args:
        id: Short stable name.
        title: What it is.
        unit: Unit of the value.
        value: The value; null if there is none, or if it is not ``certain``.
        source: File and version, or thread.
        mark: How sure the source is.
        note: What to know beside it; the possibilities, where the version leaves several.
        versions: The range of versions that it holds for, in words.
        certain: False where the version does not tell which of several values holds.
    """

    id: str
    title: str
    unit: str
    value: Scalar
    source: str
    mark: str
    note: str
    versions: str
    certain: bool = True


@cache
def load() -> tuple[Fact, ...]:
    """All facts, ordered by file and place in it.

    Raises:
        FactError: If a file does not hold what a fact needs.
    """
    facts = []
    for path in sorted(FOLDER.glob("*.toml")):
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("fact", [])
        facts.extend(_fact(entry, path.name) for entry in entries)
    return tuple(facts)


def select(version: Version | None) -> Mapping[str, FactValue]:
    """What every fact says for a version, by id.

    Args:
        version: The server's; null if unknown, then only what holds in all versions is certain.
    """
    chosen = {}
    for fact in load():
        values = [value for value in fact.values if value.versions.meets(version)]
        if values:
            chosen[fact.id] = _select(fact, values)
    return chosen


def _select(fact: Fact, values: list[Value]) -> FactValue:
    """One value if all agree, else the possibilities."""
    first = values[0]
    distinct = list(dict.fromkeys((value.value, type(value.value)) for value in values))
    if len(distinct) == 1:
        spans = "; ".join(str(value.versions) for value in values)
        return FactValue(
            fact.id, fact.title, fact.unit, first.value, first.source, first.mark, first.note, spans
        )
    told = "; ".join(f"{spell(value.value, fact.unit)} ({value.versions})" for value in values)
    sources = "; ".join(dict.fromkeys(value.source for value in values))
    return FactValue(
        fact.id,
        fact.title,
        fact.unit,
        None,
        sources,
        first.mark,
        f"Depends on the version: {told}.",
        "several",
        certain=False,
    )


def spell(value: Scalar, unit: str) -> str:
    """A value with its unit, for people."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value} {unit}".strip()


def _fact(entry: Mapping[str, Any], file: str) -> Fact:
    """One fact from its table."""
    try:
        values = tuple(_value(item) for item in entry["value"])
        fact = Fact(entry["id"], entry["title"], entry.get("unit", ""), values)
    except KeyError as error:
        raise FactError(f"{file}: a fact lacks {error}.", "Reinstall snowpit.") from error
    if not values or any(value.mark not in MARKS or not value.source for value in values):
        raise FactError(f"{file}: fact {fact.id} lacks a value, source or mark.", "Reinstall snowpit.")
    return fact


def _value(item: Mapping[str, Any]) -> Value:
    """One value with its range."""
    return Value(
        version_range(item), item.get("value"), item["source"], item.get("mark", "verified"), item.get("note", "")
    )


def version_range(item: Mapping[str, Any]) -> Range:
    """The range that ``from`` (included) and ``until`` (excluded) give."""
    first, until = item.get("from"), item.get("until")
    return Range(Version.parse(first) if first else None, Version.parse(until) if until else None)
