"""What to do, by detector and version, in order of effect, from ``remedies.toml``."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from snowpit.knowledge.facts import version_range
from snowpit.knowledge.version import Range, Version
from snowpit.model.finding import Remedy

FILE = Path(__file__).parent / "remedies.toml"
WHEN = ("now", "soon", "for good")


class Entry(NamedTuple):
    """A remedy, the detectors that it serves and the versions that it holds for."""

    remedy: Remedy
    serves: tuple[str, ...]
    versions: Range
    order: int


@cache
def entries() -> tuple[Entry, ...]:
    """All remedies, best first."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))["remedy"]
    return tuple(sorted((_entry(table) for table in tables), key=lambda entry: entry.order))


def remedies(detector: str, version: Version | None) -> tuple[Remedy, ...]:
    """What helps against one finding.

    Args:
        detector: Its id.
        version: The server's; null gives all, with the condition on the version in the text.

    Returns:
        Best first.
    """
    chosen = []
    for entry in entries():
        if detector in entry.serves and entry.versions.meets(version):
            chosen.append(entry.remedy if _sure(entry, version) else _conditional(entry))
    return tuple(chosen)


def _sure(entry: Entry, version: Version | None) -> bool:
    """Whether every release that the version may be lies in the range."""
    first, until = entry.versions
    if version is None:
        return first is None and until is None
    return (first is None or first.low <= version.low) and (until is None or version.high < until.low)


def _conditional(entry: Entry) -> Remedy:
    """The remedy with its condition in front."""
    text = f"If the server's version is {entry.versions}: {entry.remedy.text}"
    return Remedy(entry.remedy.id, text, entry.remedy.when, entry.remedy.caution, entry.remedy.source)


def _entry(table: Mapping[str, Any]) -> Entry:
    """One entry from its table."""
    remedy = Remedy(
        table["id"], table["text"], table.get("when", "now"), table.get("caution", ""), table["source"]
    )
    return Entry(remedy, tuple(table["for"]), version_range(table), table["order"])
