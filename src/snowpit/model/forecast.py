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


class Share(NamedTuple):
    """Of several runs those of which something holds, with its 95 % interval (Wilson)."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share; 0 of none."""
        return self.hits / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Critical:
    """The size of a trigger that tips a healthy cluster.

    Args:
        kind: ``reconnects`` (clients within a second, on cold caches), ``backlog`` (look-ups queued at one API server) or
            ``slow_lookups`` (seconds in which look-ups stand still).
        unit: Unit of the size.
        closed_form: Size by closed form; null if it finds none.
        simulated: Sizes that tip 5, 50 and 95 % of the runs (low, median, high); null if not searched for.
        beyond: Largest size that was tried, where some run was tipped by none; else null.
    """

    kind: str
    unit: str
    closed_form: float | None = None
    simulated: Interval | None = None
    beyond: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """When it heals by itself.

    Args:
        heals: Share of runs that heal within the horizon if nobody does anything.
        after_s: Time to it, s, over those runs; null if none does.
        horizon_s: How long was waited, s.
        predicted_s: Transient that closed forms predict where nothing sustains it, s; null if unknown.
        deep: Share of runs that heal from a deep start; null if there was none.
    """

    heals: Share
    after_s: Interval | None
    horizon_s: float
    predicted_s: float | None = None
    deep: Share | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """How far a value is from the edge of another state.

    Args:
        key: Key path or word, such as ``kubelets.count``.
        title: In words.
        value: Now.
        edge: Value from which the state differs, by closed form; null if none was found up to the bound.
        towards: State beyond the edge.
        bound: Furthest value that was looked at.
        unit: Unit.
        simulated: Value from which most simulated runs from a deep start end otherwise than now; null if none was found
            or it was not searched for.
        searched: Furthest value that was simulated; null if none was.
    """

    key: str
    title: str
    value: float
    edge: float | None
    towards: State
    bound: float
    unit: str = ""
    simulated: float | None = None
    searched: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A candidate, simulated.

    Args:
        id: Stable id; two ids with ``+`` for a pair.
        title: In words.
        when: ``immediate`` or ``lasting``.
        recovers: Share of runs that recover from the present (or deep) state.
        recovery_s: Time from the change to the end of failure, s; null if no run recovers.
        prevents: Share of runs that the trigger does not tip if the change is in place before; null if not asked.
        works: Whether it helps: more runs recover than without it, and most of them.
        side_effects: What else it does.
        steps: How to do it.
        source: Fact or law behind it.
    """

    id: str
    title: str
    when: str
    recovers: Share
    recovery_s: Interval | None
    prevents: Share | None = None
    works: bool
    side_effects: str
    steps: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One step of a plan.

    Args:
        title: What to do.
        how: How, one line each.
        watch: What to watch, and until when, before the next step.
        remedy: Id of the remedy; empty for steps of watching or keeping.
    """

    title: str
    how: tuple[str, ...]
    watch: tuple[str, ...]
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """All that a forecast says.

    Args:
        name: Scenario or evidence.
        start: ``now`` or ``healthy``.
        state: The state.
        because: Why, in one or two sentences.
        closed_form_state: What closed forms say alone.
        capacity: Look-ups per second that the limiter lets pass; infinite without limiter.
        demand: Look-ups per second while all is well.
        peak_demand: Largest demand over all waits.
        curve: (wait of a miss in s, demand in look-ups/s).
        unstable_wait_s: Wait from which the backlog grows; null if it never does.
        stable_wait_s: Wait of the bad state; null if none, infinite if it diverges.
        critical: Sizes of triggers that tip it.
        recovery: When it heals by itself; null if only closed forms were asked.
        headroom: Distances to the edge, nearest first.
        remedies: Ranked, best first.
        plan: Steps in order.
        seeds: Number of replications; 0 if only closed forms were asked.
        remarks: What to bear in mind.
        calibration: How the scenario was read off evidence; null if it was given.
    """

    name: str
    start: str
    state: State
    because: str
    closed_form_state: State
    capacity: float
    demand: float
    peak_demand: float
    curve: tuple[tuple[float, float], ...]
    unstable_wait_s: float | None
    stable_wait_s: float | None
    critical: tuple[Critical, ...] = ()
    recovery: Recovery | None = None
    headroom: tuple[Headroom, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    plan: tuple[PlanStep, ...] = ()
    seeds: int = 0
    remarks: tuple[str, ...] = ()
    calibration: Calibration | None = None
