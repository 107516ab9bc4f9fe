"""Published incidents: what happened, how it shows, what ended it; one file each in ``incidents/``.

``K`` numbers are overloads of an API server; ``N`` numbers are controls: outages in which the API server was not
overloaded, so that no finding may point to them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from snowpit.knowledge.ranges import incident_files, tables
from snowpit.knowledge.version import Version

COMMON = ("inflight_limit", "retry_storm")
"""What any overload brings with it: no sign of one incident rather than another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How an incident shows.

    Args:
        cause: Ids of detectors; with at least one of them supported the incident is like this one.
        beside: Ids of detectors that may be supported as well.
        observations: What characterises it, in words.
        clients: Lower-case pieces of the names of the clients behind it; may be empty.
    """

    cause: tuple[str, ...]
    beside: tuple[str, ...]
    observations: tuple[str, ...]
    clients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the account.

    Args:
        what: What it counts or measures.
        value: The number.
        unit: Its unit; empty for counts and rates that ``what`` names.
        derived: True for arithmetic on published numbers.
    """

    what: str
    value: float
    unit: str = ""
    derived: bool = False

    def __str__(self) -> str:
        """``wait of one look-up: 3.04 s``."""
        value = f"{self.value:,}".removesuffix(".0")
        return f"{self.what}: {value} {self.unit}".rstrip() + (" (derived)" if self.derived else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One published incident.

    Args:
        id: K01 to K24, or N01 and N02 for controls.
        title: What happened, in one line.
        where: Whose cluster, how large, as far as told.
        year: Year of the account; null if not told.
        kubernetes: Versions as told.
        versions: Half-open ranges of releases that have the mechanism; empty if not known to be bounded.
        mechanism: How it came about.
        trigger: What started it.
        sustaining: What kept it going; empty if it ended with its trigger.
        self_sustaining: ``yes`` by the account, ``likely``, or ``no``.
        fix: What ended it, or would have.
        lessons: What to take from it.
        sources: Addresses of the accounts.
        signature: How it shows.
        figures: Numbers of the account.
        control: True for an outage that was no overload.
    """

    id: str
    title: str
    where: str
    year: int | None
    kubernetes: str
    versions: tuple[tuple[str, str], ...]
    mechanism: str
    trigger: str
    sustaining: str
    self_sustaining: str
    fix: tuple[str, ...]
    lessons: tuple[str, ...]
    sources: tuple[str, ...]
    signature: Signature
    figures: tuple[Figure, ...]
    control: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """An incident that resembles what was found.

    Args:
        incident: The incident.
        cause: The highest-ranked finding that it shares as a cause.
        shared: All findings that it shares, in order of rank.
        client: The client of the incident that is named in the findings too; empty if none.
        other_release: True if the server's release is known not to have the mechanism.
    """

    incident: Incident
    cause: str
    shared: tuple[str, ...]
    client: str = ""
    other_release: bool = False


@cache
def incidents() -> tuple[Incident, ...]:
    """All of them, by id."""
    return tuple(_incident(tables("incidents", name)) for name in incident_files())


def _incident(raw: Mapping[str, Any]) -> Incident:
    plain = ("id", "title", "where", "kubernetes", "mechanism", "trigger", "sustaining", "self_sustaining")
    words: dict[str, Any] = {name: raw[name] for name in plain}
    words |= {name: tuple(raw[name]) for name in ("fix", "lessons", "sources")}
    return Incident(
        **words,
        year=raw.get("year"),
        versions=tuple((start, until) for start, until in raw.get("versions", ())),
        signature=Signature(**{name: tuple(items) for name, items in raw["signature"].items()}),
        figures=tuple(Figure(**item) for item in raw.get("number", ())),
        control=raw.get("control", False),
    )


def similar(
    found: Sequence[str], version: Version | None, *, victims: Collection[str] = (), words: str = ""
) -> tuple[Likeness, ...]:
    """Published incidents that resemble what was found, best match first.

    Args:
        found: Ids of the supported findings by rank, the root cause first.
        version: The server's version, if known.
        victims: Those of them that only suffer from the others: they are never the shared cause.
        words: Claims of the findings, in which the names of clients are looked for.

    Returns:
        Those that share a cause. First those of this release; then by the rank of the shared cause, a client of the
        same name, and the number of findings that fit less those that do not; of those that every overload brings
        none counts.
    """
    causes = [name for name in found if name not in victims]
    likely = [_likeness(item, found, version, causes=causes, words=words.lower()) for item in incidents()]
    return tuple(sorted((item for item in likely if item), key=lambda item: _place(item, found)))


def _likeness(
    incident: Incident, found: Sequence[str], version: Version | None, *, causes: Sequence[str], words: str
) -> Likeness | None:
    signature = incident.signature
    cause = next((name for name in causes if name in signature.cause), "")
    if not cause:
        return None
    ranges = incident.versions
    return Likeness(
        incident=incident,
        cause=cause,
        shared=tuple(name for name in found if name in signature.cause + signature.beside),
        client=next((name for name in signature.clients if name in words), ""),
        other_release=bool(version and ranges and not any(version.within(*bounds) for bounds in ranges)),
    )


def _place(item: Likeness, found: Sequence[str]) -> tuple[bool, int, bool, int, int, str]:
    """Place in the list, lowest first."""
    first = item.incident.signature.cause.index(item.cause)
    shared, seen = ([name for name in names if name not in COMMON] for names in (item.shared, found))
    unlike = len(seen) - 2 * len(shared)
    return (item.other_release, found.index(item.cause), not item.client, unlike, first, item.incident.id)
