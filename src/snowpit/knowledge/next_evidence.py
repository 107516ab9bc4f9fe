"""Evidence worth fetching, with the commands that fetch it; kept in ``next_evidence.toml``."""

from collections.abc import Mapping
from typing import NamedTuple

from snowpit.knowledge.ranges import tables
from snowpit.knowledge.version import Version


class Obtainable(NamedTuple):
    """One piece of evidence that an operator can fetch.

    Args:
        id: Short stable name.
        what: What to fetch and what it shows.
        commands: What to type, line by line.
        gives: Facets of evidence that it adds.
        needs: Facet without which it is of no use; empty if none.
        decides: Finding -> how far it decides it, from 0 to 1.
        caution: What it costs or may leak; empty if nothing.
        source: Where that is known from.
    """

    id: str
    what: str
    commands: tuple[str, ...]
    gives: frozenset[str]
    needs: str
    decides: Mapping[str, float]
    caution: str
    source: str


def obtainable(version: Version | None) -> tuple[Obtainable, ...]:
    """Everything that can be fetched from a server of that version, in the order of the file.

    Args:
        version: The server's version; if unknown, all is given.
    """
    return tuple(
        Obtainable(
            id=raw["id"],
            what=raw["what"],
            commands=tuple(raw["commands"]),
            gives=frozenset(raw["gives"]),
            needs=raw.get("needs", ""),
            decides=raw["decides"],
            caution=raw.get("caution", ""),
            source=raw["source"],
        )
        for raw in tables("next_evidence.toml")["evidence"]
        if version is None or any(version.within(*bounds) for bounds in raw.get("versions", [["", ""]]))
    )
