"""What a forecast says: state, recovery, headroom, remedies, plan; and how well a scenario fits the evidence."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What a control plane is in.

    healthy: no bad state is known that it could fall into. vulnerable: healthy, but a trigger of a size that happens
    tips it for good. self-sustaining: it fails, and goes on failing without its trigger. overloaded: it fails
    with no trigger at all.
    """

    HEALTHY = "healthy"
    VULNERABLE = "vulnerable"
    SELF_SUSTAINING = "self-sustaining"
    OVERLOADED = "overloaded"


class Source(StrEnum):
    """Where a value of a scenario comes from."""

    MEASURED = "measured"
    FLAG = "flag"
    VERSION_DEFAULT = "version default"
    ASSUMED = "assumed"


class Interval(NamedTuple):
    """A middle value with its bounds: quantiles over seeds, or what the evidence allows."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One value of a scenario that was read off evidence.

    Args:
        key: Key path, as ``--set`` takes it, such as ``clients.apps.count``.
        value: The value in the unit.
        low: Smallest value that the evidence allows.
        high: Largest one.
        unit: Unit, such as ``s``, ``requests/s``, ``tokens``; empty for text.
        source: Where it comes from.
        reference: Which evidence, fact or assumption, in a few words.
        note: What to know about it; may be empty.
    """

    key: str
    value: float | str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    source: Source
    reference: str
    note: str = ""


class Unidentified(NamedTuple):
    """What the evidence cannot tell, and the evidence that would."""

    what: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The state at the end of the evidence; null where the evidence does not tell.

    Args:
        backlog: Look-ups waiting at the loopback limiter of one API server (mean over those seen).
        throttle_wait_s: What a look-up reserved now would wait, s.
        seats_mutating: Mutating requests in flight on one API server.
        refusals_per_s: 429 answers per second, all API servers.
        failing: Whether requests fail at the end of the evidence.
        reference: Which evidence says so.
    """

    backlog: float | None = None
    throttle_wait_s: float | None = None
    seats_mutating: float | None = None
    refusals_per_s: float | None = None
    failing: bool | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How a scenario was read off evidence.

    Args:
        estimates: Every value with its source and interval.
        unidentified: What the evidence cannot tell.
        present: The state at its end.
    """

    estimates: tuple[Estimate, ...]
    unidentified: tuple[Unidentified, ...] = ()
    present: Present = Present()
