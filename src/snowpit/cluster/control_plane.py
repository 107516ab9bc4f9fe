"""One parameter object with provenance: version facts, then what was observed, then the user's overrides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from snowpit.errors import FactError
from snowpit.knowledge.facts import Value, select
from snowpit.knowledge.version import Version

LIMITS = {"mutating": "max_mutating_requests_inflight", "readonly": "max_requests_inflight"}
"""Short names of the two in-flight limits, as ``--limits`` takes them."""


class Sourced(NamedTuple):
    """A value that remembers where it came from.

    Args:
        value: The value; -1 means no limit where it is a limit.
        unit: Its unit.
        source: ``fact`` (default of that version), ``observed`` (from the evidence), ``flag`` (given by the user).
        reference: File and version, thread, observation or option.
    """

    value: Value
    unit: str
    source: str
    reference: str


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """What is known of the API servers under study.

    Args:
        version: Their version; null if unknown. Then only facts that hold in all versions are given.
        values: Parameter name -> value with source.
    """

    version: Version | None
    values: Mapping[str, Sourced] = field(default_factory=dict)

    def number(self, name: str) -> float | None:
        """A parameter as a number; null if it is not known."""
        found = self.values.get(name)
        return None if found is None or isinstance(found.value, str) else float(found.value)

    def flag(self, name: str) -> bool | None:
        """A parameter as truth value; null if it is not known."""
        found = self.values.get(name)
        return None if found is None else bool(found.value)

    def limit(self, kind: str) -> int:
        """The in-flight limit for ``mutating`` or ``readonly`` requests; the long-standing default if unknown."""
        found = self.number(LIMITS[kind])
        return int(found) if found is not None else {"mutating": 200, "readonly": 400}[kind]

    def may(self, name: str) -> bool:
        """True unless the version is known and says no: what cannot be excluded."""
        return self.flag(name) is not False


def build(
    *,
    version: Version | None,
    version_source: str = "",
    limits: Mapping[str, int] | None = None,
    observed: Mapping[str, Sourced] | None = None,
) -> ControlPlane:
    """The control plane of a version, with what was observed and what the user says on top.

    Args:
        version: Server version, null if unknown.
        version_source: ``flag`` or ``observed``.
        limits: In-flight limits by kind (``mutating``, ``readonly``), from the user.
        observed: Values read off the evidence.

    Raises:
        FactError: If a limit has an unknown kind or is negative.
    """
    values = {
        name: Sourced(fact.value, fact.unit, "fact", f"{fact.source} [{fact.mark}]")
        for name, fact in select(version).items()
    }
    if version is not None:
        values["version"] = Sourced(
            str(version), "", version_source, "user agent of the API server, or --server-version"
        )
    values |= dict(observed or {})
    for kind, value in (limits or {}).items():
        if kind not in LIMITS or value < 0:
            message = f"{kind}={value} is not an in-flight limit."
            raise FactError(message, "Write for instance: --limits readonly=400,mutating=200")
        values[LIMITS[kind]] = Sourced(value, "requests", "flag", "--limits")
    return ControlPlane(version, dict(sorted(values.items())))
