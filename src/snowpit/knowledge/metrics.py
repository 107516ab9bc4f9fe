"""Names of metrics: what exposes them, what they were called before, and what they do not mean.

Everything above ``ingest`` sees the names and units of today's releases only.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from snowpit.knowledge.ranges import tables

RENAMES = ("renames.toml", "renames-components.toml")
SERIES = ("series-apiserver.toml", "series-layers.toml", "series-process.toml")
_FAMILIES = 20_000
"""Families whose look-up is remembered; dumps of a whole cluster have some 2,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A program that exposes metrics.

    Args:
        id: Its name.
        signs: Names, or starts of names, that nothing else exposes.
        weak: Starts of names that tell only where no sign is there.
        jobs: Pieces of the label ``job`` by which Prometheus set-ups call it.
        source: Where that is known from.
    """

    id: str
    signs: tuple[str, ...]
    weak: tuple[str, ...]
    jobs: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """What today's releases call a family.

    Args:
        old: Name of the family as exposed; for a pattern its regular expression.
        new: Name today.
        pattern: Whether ``old`` is a regular expression whose group ``name`` becomes a label.
        kind: Only families of this type (``counter``, ``gauge``, ``summary``); empty for every type.
        micro: Whether values and bounds were in microseconds and are in seconds today.
        quantiles: Whether only the quantiles of a summary are taken over.
        until: First release without the old name; empty if it is still exposed, or the component counts otherwise.
        source: File and release, or the text that says so.
        mark: How sure it is, as for facts.
    """

    old: str
    new: str
    pattern: bool
    kind: str
    micro: bool
    quantiles: bool
    until: str
    source: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A family of metrics that is looked at.

    Args:
        name: Name today.
        kind: ``counter``, ``gauge`` or ``histogram`` (summaries count as histograms).
        by: Labels that are kept apart; series that differ in others are added up.
        title: What it counts or measures.
        trap: What the number does not mean; may be empty.
        source: Where it is defined.
    """

    name: str
    kind: str
    by: tuple[str, ...]
    title: str
    trap: str
    source: str


@cache
def components() -> tuple[Component, ...]:
    """All known components, in the order in which they are asked for."""
    return tuple(
        Component(
            id=raw["id"],
            signs=tuple(raw["signs"]),
            weak=tuple(raw["weak"]),
            jobs=tuple(raw["jobs"]),
            source=raw["source"],
        )
        for raw in tables("metrics", "components.toml")["component"]
    )


def component_of(names: Iterable[str]) -> str:
    """The component that exposes these names; empty if none is known to."""
    given = sorted(set(names))
    for signs in ("signs", "weak"):
        for component in components():
            if any(name.startswith(getattr(component, signs)) for name in given):
                return component.id
    return ""


@lru_cache(maxsize=1024)
def component_of_job(job: str) -> str:
    """The component that a label ``job`` names; empty if none."""
    lower = job.lower()
    for component in components():
        if any(piece in lower for piece in component.jobs):
            return component.id
    return ""


def _rename(raw: Mapping[str, Any]) -> Rename:
    return Rename(
        old=raw.get("pattern") or raw["old"],
        new=raw["new"],
        pattern="pattern" in raw,
        kind=raw.get("kind", ""),
        micro=raw.get("micro", False),
        quantiles=raw.get("quantiles", False),
        until=raw["until"],
        source=raw["source"],
        mark=raw.get("mark", "verified"),
    )


@cache
def renames() -> tuple[Rename, ...]:
    """All renames, in the order in which they are tried."""
    return tuple(_rename(raw) for file in RENAMES for raw in tables("metrics", file)["rename"])


@cache
def _exact() -> Mapping[str, Rename]:
    return {rename.old: rename for rename in renames() if not rename.pattern}


@cache
def _patterns() -> tuple[tuple[Rename, re.Pattern[str]], ...]:
    return tuple((rename, re.compile(rename.old)) for rename in renames() if rename.pattern)


@lru_cache(maxsize=_FAMILIES)
def rename_of(family: str, kind: str) -> tuple[Rename, str] | None:
    """The rename of a family, and the value that its new label ``name`` takes; null if it was never renamed.

    Args:
        family: Name as exposed, without ``_bucket``, ``_sum`` or ``_count``.
        kind: Type of the family: ``counter``, ``gauge``, ``histogram``, ``summary`` or ``untyped``.
    """
    if rename := _exact().get(family):
        return (rename, "") if rename.kind in {"", kind} else None
    for rename, pattern in _patterns():
        if rename.kind == kind and (found := pattern.fullmatch(family)):
            return (rename, found["name"]) if found["name"] != "workqueue" else None
    return None


@cache
def labels() -> Mapping[str, str]:
    """Old name of a label -> its name today."""
    return dict(tables("metrics", RENAMES[0])["label"])


@cache
def series() -> tuple[Series, ...]:
    """Every family that is looked at, in order of files."""
    return tuple(
        Series(
            name=raw["name"],
            kind=raw["kind"],
            by=tuple(raw["by"]),
            title=raw["title"],
            trap=raw.get("trap", ""),
            source=raw["source"],
        )
        for file in SERIES
        for raw in tables("metrics", file)["series"]
    )


@cache
def _by_name() -> Mapping[str, Series]:
    return {item.name: item for item in series()}


def series_of(name: str) -> Series | None:
    """The entry of a family, by its name today; null if it is not looked at."""
    return _by_name().get(name)


def former(name: str) -> tuple[Rename, ...]:
    """Every rename that ends in a name of today, without those that are patterns."""
    return tuple(rename for rename in renames() if rename.new == name and not rename.pattern)
