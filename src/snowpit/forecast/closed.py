"""The verdict at once: demand for look-ups against the capacity of the loopback limiter, and seats against their limit.

A bad state can hold if demand, as a function of how long a miss takes, exceeds the capacity somewhere. Where demand
crosses it upwards lies the edge of the healthy state (a backlog below it drains, one above it grows); where it crosses
back, the bad state. Fluid law of tokens out of phase, one API server.

Source: derived for the pages of this project (docs/explanation/forecast.md); simulation decides where they differ.
"""

from dataclasses import dataclass, replace
from math import inf

from snowpit.cluster.horizon import brought
from snowpit.cluster.scenario import CONTROL_PLANE, Event, Scenario
from snowpit.cluster.workload import Clients
from snowpit.errors import ScenarioError
from snowpit.forecast.askers import Asker
from snowpit.forecast.curve import crossings, over_waits, total
from snowpit.forecast.populations import askers, cache_of
from snowpit.model.forecast import Present, State

UNITS = {"reconnects": "clients within a second", "backlog": "look-ups", "slow_lookups": "s"}
"""Kinds of triggers with the unit of their size."""

ALONE = (
    "One token alone heals: whichever of its look-ups ends first answers for all that come while it is fresh,"
    " so a backlog of them drains, though it may take many minutes."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedForm:
    """What closed forms say of one API server.

    Args:
        state: The state, from a healthy start (never self-sustaining) or from now.
        because: Why, in one sentence.
        rate: r, look-ups a second that the limiter lets pass; infinite without limiter.
        burst: b, look-ups that a full bucket lets pass at once.
        lookups: c, look-ups in sequence of an uncached token; 0 if nobody needs any.
        healthy_demand: Look-ups a second while all is well.
        peak_demand: Largest demand over all waits.
        far_demand: Demand when a miss takes two hours.
        unstable_wait_s: W*, wait from which the backlog grows; null if it never does.
        stable_wait_s: Wait at which it stops to grow; null if none, infinite if it diverges.
        seats: Seats needed over the limit, by kind, while all is well.
        seats_limit: Mutating limit above which reviews alone can wait out their patience; infinite without limiter.
        curve: (wait in s, demand in look-ups/s).
        tokens: Distinct tokens in use that need look-ups and can be cached.
        dead_fills: Whether look-ups that nobody waits for fill the cache.
    """

    state: State
    because: str
    rate: float
    burst: float
    lookups: int
    healthy_demand: float
    peak_demand: float
    far_demand: float
    unstable_wait_s: float | None
    stable_wait_s: float | None
    seats: dict[str, float]
    seats_limit: float
    curve: tuple[tuple[float, float], ...]
    tokens: int
    dead_fills: bool

    @property
    def critical_backlog(self) -> float | None:
        """q*, look-ups waiting from which the backlog grows, the bucket being empty; null if it never does."""
        if self.unstable_wait_s is None or not self.lookups:
            return None
        return self.rate * self.unstable_wait_s / self.lookups

    @property
    def critical_reconnects(self) -> float | None:
        """Clients that reconnect within a second, on cold caches, below which nothing tips: (q* + b + r) / c."""
        backlog = self.critical_backlog
        return None if backlog is None else (backlog + self.burst + self.rate) / self.lookups


def closed_sizes(closed: ClosedForm) -> dict[str, float | None]:
    """Critical sizes by closed form, by kind of trigger; null where nothing tips."""
    return {
        "reconnects": closed.critical_reconnects,
        "backlog": None if closed.critical_backlog is None else closed.critical_backlog + closed.burst,
        "slow_lookups": closed.unstable_wait_s,
    }


def closed_form(scenario: Scenario, *, present: Present | None = None, now: bool = False) -> ClosedForm:
    """What closed forms say of a scenario.

    Args:
        scenario: A scenario of a control plane.
        present: What is known of the present state; null if nothing is.
        now: Judge the state that the triggers of the scenario (or the present backlog) lead to, not the healthy start.

    Raises:
        ScenarioError: If it is a published model.
    """
    if scenario.model != CONTROL_PLANE:
        raise ScenarioError(
            f"{scenario.name} is a published model: there is no control plane to forecast.",
            "Give a scenario with a [control_plane]; snowpit scenarios lists them.",
        )
    found, cache = askers(scenario), cache_of(scenario)
    rate = _limiter(scenario)
    curve = over_waits(found, cache) if rate < inf else ()
    lookups = max((asker.lookups for asker in found), default=0)
    healthy = total(found, 0.0, cache)
    unstable, stable = crossings(found, cache, curve, rate=rate)
    values = ClosedForm(
        state=State.HEALTHY,
        because="",
        rate=rate,
        burst=scenario.plane.number("loopback_burst") or 0.0,
        lookups=lookups if rate < inf else 0,
        healthy_demand=healthy,
        peak_demand=max((value for _, value in curve), default=healthy),
        far_demand=curve[-1][1] if curve else healthy,
        unstable_wait_s=unstable,
        stable_wait_s=stable,
        seats=_seats(scenario),
        seats_limit=_seats_limit(found, rate),
        curve=curve,
        tokens=sum(asker.tokens for asker in found if asker.own),
        dead_fills=cache.dead_fills,
    )
    return _judged(values, scenario, present=present, now=now)


def _limiter(scenario: Scenario) -> float:
    rate = scenario.plane.number("loopback_qps")
    return inf if rate is None or rate <= 0 else rate


def _seats_limit(found: tuple[Asker, ...], rate: float) -> float:
    limits = [rate * asker.patience_s / asker.lookups for asker in found if asker.seats < inf]
    return min(limits, default=inf)


def _seats(scenario: Scenario) -> dict[str, float]:
    """Share of the seats of each kind that the calls need while all is well (Little's law)."""
    needed = {"mutating": 0.0, "readonly": 0.0}
    for who in scenario.clients:
        kind = "mutating" if who.operation.mutating else "readonly"
        needed[kind] += _calls_per_s(who) * who.operation.service.mean_s / max(1, scenario.servers)
    if scenario.levels:
        total = scenario.plane.limit("mutating") + scenario.plane.limit("readonly")
        return {"all": sum(needed.values()) / total if total else 0.0}
    limits = {kind: scenario.plane.limit(kind) for kind in needed}
    return {kind: needed[kind] / limits[kind] for kind in needed if limits[kind]}


def _calls_per_s(who: Clients) -> float:
    """Calls per second while all is well; exempt and long-running ones hold no seat."""
    if who.arrivals == "none" or who.tokens.credential == "masters" or who.operation.verb == "watch":
        return 0.0
    if who.arrivals == "open":
        return who.rate_per_s
    return who.count / max(1e-3, who.think.mean_s + who.operation.service.mean_s)


def _judged(values: ClosedForm, scenario: Scenario, *, present: Present | None, now: bool) -> ClosedForm:
    """The same with its state and the reason for it."""
    state, because = _state(values)
    if now and state is State.VULNERABLE:
        kick = _kick(values, scenario, present)
        if kick is not None and kick > (values.critical_backlog or 0.0):
            state = State.SELF_SUSTAINING
            because = (
                f"About {kick:,.0f} look-ups are queued or brought by the trigger, above the {values.critical_backlog or 0:,.0f}"
                " from which the queue grows by itself."
            )
    return replace(values, state=state, because=because)


def _state(values: ClosedForm) -> tuple[State, str]:
    short = [kind for kind, needed in values.seats.items() if needed >= 1.0]
    if short:
        return (
            State.OVERLOADED,
            f"Calls need {values.seats[short[0]]:.1f} times the {short[0]} seats there are.",
        )
    if values.unstable_wait_s == 0.0:
        return State.OVERLOADED, (
            f"Even without a queue {values.healthy_demand:,.0f} look-ups a second are asked for,"
            f" and the limiter lets {values.rate:,.0f} pass."
        )
    if values.unstable_wait_s is None:
        return State.HEALTHY, _why_healthy(values)
    if values.tokens == 1 and values.dead_fills:
        return State.HEALTHY, ALONE
    return State.VULNERABLE, (
        f"Healthy demand is {values.healthy_demand:,.0f} look-ups a second of {values.rate:,.0f}, but when a miss takes longer than"
        f" {values.unstable_wait_s:,.1f} s it rises above what the limiter lets pass (up to {values.peak_demand:,.0f})."
    )


def _why_healthy(values: ClosedForm) -> str:
    if values.rate == inf:
        return "No limiter stands before the look-ups of this version, and there are seats enough."
    if not values.lookups:
        return "No credential in use needs a look-up through the limiter."
    return (
        f"Whatever a miss takes, at most {values.peak_demand:,.0f} look-ups a second are asked for,"
        f" and the limiter lets {values.rate:,.0f} pass: every queue drains."
    )


def _kick(values: ClosedForm, scenario: Scenario, present: Present | None) -> float | None:
    """Look-ups beyond an emptied bucket that wait now, or that the largest trigger brings; null if there is none."""
    if present is not None and present.backlog is not None:
        return present.backlog
    kicks = [_beyond(event, values, scenario) for event in scenario.events if event.trigger]
    return max(kicks, default=None)


def _beyond(event: Event, values: ClosedForm, scenario: Scenario) -> float:
    """Look-ups that are left when the bucket is empty and the spread is over; a slow etcd makes each miss wait."""
    if event.action == "slow_etcd":
        wait = (scenario.plane.number("loopback_read_s") or 0.0) * float(event.settings.get("factor", 1.0))
        return values.rate * wait if wait * values.lookups > (values.unstable_wait_s or inf) else 0.0
    spread = float(event.settings.get("spread_s", 0.0))
    spare = values.burst + max(0.0, values.rate - values.healthy_demand) * spread
    return max(0.0, brought(event, scenario, values.lookups) - spare)
