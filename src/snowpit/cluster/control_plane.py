"""Parameters of the control plane under study, each value with its source.

Built from version facts, then from what was observed, then from what the user
says; nothing here is guessed silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from snowpit.errors import ScenarioError
from snowpit.knowledge.facts import FactValue, Scalar, select
from snowpit.knowledge.version import Version

LIMIT_NAMES = {
    "readonly": "max_requests_inflight",
    "mutating": "max_mutating_requests_inflight",
    "max_requests_inflight": "max_requests_inflight",
    "max_mutating_requests_inflight": "max_mutating_requests_inflight",
}
"""How a user may name the two in-flight limits."""



class Sourced(NamedTuple):
    """A value that remembers where it came from.

    Args:
        value: The value; null if there is none or it is not known.
        unit: Its unit.
        source: ``fact`` (of that version), ``observed`` (in the evidence), ``--limits`` (the user says so) or
            ``unknown`` (the version leaves several possibilities).
        reference: File, thread, or the possibilities.
    """

    value: Scalar
    unit: str
    source: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """The server and what is known of it.

    Args:
        version: Null if unknown.
        version_source: Where the version is known from, e.g. ``--server-version`` or ``observed``.
        values: Every parameter by name.
    """

    version: Version | None = None
    version_source: str = ""
    values: Mapping[str, Sourced] = field(default_factory=dict)

    def get(self, name: str) -> Sourced:
        """A parameter; one without value if it is not known."""
        return self.values.get(name, Sourced(None, "", "unknown", ""))

    def known(self, name: str) -> bool:
        """Whether its value (or that there is none) is certain."""
        return self.get(name).source != "unknown"

    def number(self, name: str) -> float | None:
        """A parameter as a number; null if it has none."""
        value = self.get(name).value
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool | None:
        """A yes-or-no parameter; null if not known."""
        value = self.get(name).value
        return value if isinstance(value, bool) else None


def build(
    *,
    version: Version | None,
    version_source: str = "",
    limits: Mapping[str, int] | None = None,
    nodes: int | None = None,
    servers: int | None = None,
) -> ControlPlane:
    """Put a control plane together.

    Args:
        version: The server's; null if unknown.
        version_source: Where it is known from.
        limits: In-flight limits that the user gives, by ``readonly`` and ``mutating`` (or the flags' names).
        nodes: Nodes seen in the evidence.
        servers: API servers seen in the evidence.

    Raises:
        ScenarioError: If a limit has no such name or is negative.
    """
    values = {name: _of_fact(fact) for name, fact in select(version).items()}
    for name, value in (("nodes", nodes), ("servers", servers)):
        if value is not None:
            values[name] = Sourced(value, name, "observed", "distinct names in the evidence")
    for name, value in (limits or {}).items():
        values[_limit_name(name, value)] = Sourced(value, "seats", "--limits", "given by the user")
    return ControlPlane(version=version, version_source=version_source if version else "", values=values)


def _limit_name(name: str, value: int) -> str:
    """The parameter that a limit's name stands for."""
    parameter = LIMIT_NAMES.get(name.strip().lower().replace("-", "_"))
    if parameter is None:
        raise ScenarioError(f"There is no limit named {ascii(name[:40])}.", "Write --limits readonly=400,mutating=200.")
    if value < 0:
        raise ScenarioError(f"The limit {name} must not be negative, but is {value}.", "0 switches the limit off.")
    return parameter


def _of_fact(fact: FactValue) -> Sourced:
    """A parameter from a fact."""
    if not fact.certain:
        return Sourced(None, fact.unit, "unknown", fact.note)
    return Sourced(fact.value, fact.unit, "fact", f"{fact.source} ({fact.mark}, {fact.versions})")
