"""One parameter object with provenance: version facts, then what was observed, then the user's overrides."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from snowpit.errors import FactError
from snowpit.knowledge.facts import Value, select
from snowpit.knowledge.version import Version

LIMITS = {"mutating": "max_mutating_requests_inflight", "readonly": "max_requests_inflight"}
"""Short names of the two in-flight limits, as ``--limits`` takes them."""

NO_LIMIT = 1_000_000
"""Requests in flight where no limit holds."""


class Sourced(NamedTuple):
    """A value that remembers where it came from.

    Args:
        value: The value; -1 means no limit where it is a limit.
        unit: Its unit.
        source: ``fact`` (default of that version), ``recorded`` (measured on a real API server), ``assumed``
            (somebody's judgement), ``observed`` (from the evidence), ``scenario`` (from its file), ``flag``
            (given by the user).
        reference: File and version, thread, observation or option.
    """

    value: Value
    unit: str
    source: str
    reference: str


SIMULATED: Mapping[str, Sourced] = {
    "loopback_read_s": Sourced(
        0.0022, "s", "recorded", "1.13.5 on loopback: half of 5.3 ms (token cold) less 0.86 ms (cached)"
    ),
    "loopback_read_sigma": Sourced(
        0.5, "", "assumed", "standard deviation of the logarithm; 1.13.5 logged reads of 1 to 5 ms when idle"
    ),
    "informer_sync_s": Sourced(
        5.0, "s", "assumed", "time after a start until informers of Secrets and ServiceAccounts answer"
    ),
    "webhook_authentication_s": Sourced(0.01, "s", "assumed", "round trip to an authentication webhook"),
}
"""What a simulation needs and no version of Kubernetes lays down."""


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
        """The in-flight limit for ``mutating`` or ``readonly`` requests; the long-standing default if unknown.

        Where there is none, more than any server ever serves at once.
        """
        found = self.number(LIMITS[kind])
        if found is None:
            return {"mutating": 200, "readonly": 400}[kind]
        return int(found) if found >= 0 else NO_LIMIT

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


def simulated(version: Version, *, version_source: str = "scenario") -> ControlPlane:
    """The control plane of a version with everything that a simulation needs: facts, recorded and assumed values."""
    reference = "--set version" if version_source == "flag" else "control_plane.version, or an event upgrade"
    told = Sourced(str(version), "", version_source, reference)
    return with_values(build(version=version), {**SIMULATED, "version": told})


def with_values(plane: ControlPlane, values: Mapping[str, Sourced]) -> ControlPlane:
    """The control plane with some values replaced or added.

    The wait limit of queues stays a quarter of the request timeout unless it is given itself.
    """
    merged = {**plane.values, **values}
    queue, timeout = merged.get("queue_wait_limit_s"), values.get("request_timeout_s")
    if timeout and queue and queue.source == "fact" and float(queue.value) > 0:
        quarter = float(timeout.value) / 4.0
        merged["queue_wait_limit_s"] = timeout._replace(
            value=quarter, reference="a quarter of request_timeout_s"
        )
    return replace(plane, values=dict(sorted(merged.items())))


def upgraded(plane: ControlPlane, version: Version, *, source: str = "scenario") -> ControlPlane:
    """The control plane after a change of version: facts are the new version's, all other values stay."""
    kept = {
        name: value for name, value in plane.values.items() if value.source != "fact" and name != "version"
    }
    return with_values(simulated(version, version_source=source), kept)
