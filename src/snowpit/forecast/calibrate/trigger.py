"""What tipped it, and the state in which the evidence ends."""

from typing import NamedTuple

from snowpit.cluster.assemble import identity
from snowpit.cluster.scenario import Event
from snowpit.cluster.workload import Clients, Delay, Operation, Retry, Tokens
from snowpit.forecast.calibrate.account import Part, plain
from snowpit.forecast.calibrate.clients import BACKOFF_S
from snowpit.model.forecast import Estimate, Present, Source, Unidentified
from snowpit.model.observation import Observed
from snowpit.model.observation.demand import Demand, Newcomers
from snowpit.model.window import MICROS

NAME = "newcomers"
WARM_S, LONGEST_S = 120.0, 600.0
"""Quiet time before the trigger: time to fill caches; longer quiet in the evidence is cut."""

AROUND_S = 90.0
"""A restart that lies no further before the onset is taken for the trigger."""

LAST_S = 60.0
FEW = 5
"""Newcomers that are no trigger: some start all the time."""

STEPS = 5
USUAL_TRIES = 5
"""Tries of a client that gives up, where the evidence does not show those that never got through."""

FOR_EVER = 50
"""Asks of one newcomer from which it is taken to go on without end."""

UNKNOWN = Unidentified(
    "What tipped it: no restart, and no burst of new ServiceAccounts, shows around the onset.",
    "Audit log and server log (-v=4) of the minutes around the onset; restarts: kubectl -n kube-system get pods, or the server's log.",
)
LATE = Unidentified(
    "The demand while all is well: the evidence shows trouble from its start, and what gets through then is not what is asked for.",
    "An audit log that begins ten minutes or more before the trouble, or one from another day.",
)
WAITS = Unidentified(
    "How many look-ups wait at the loopback limiter now.",
    'The server\'s log at -v=4 (before 1.18; -v=2 later): lines "Throttling request took ...".',
)


class Happened(NamedTuple):
    """What happened: populations that exist for it alone, and events."""

    clients: tuple[Clients, ...]
    events: tuple[Event, ...]


def happened(observed: Observed, demand: Demand, present: Present) -> tuple[Happened, Part]:
    """The trigger, if something fails in the evidence.

    Args:
        observed: Observations; restarts are read from it.
        demand: What calibration measures.
        present: The state at the end.
    """
    onset = demand.stretches.onset
    if onset is None:
        return Happened((), ()), Part()
    late = () if _calm(demand) else (LATE,)
    at = min(LONGEST_S, max(WARM_S, (onset - demand.window.start) / MICROS))
    restarts = _restarts(observed, onset)
    if restarts:
        event = Event(
            at_s=at,
            action="restart",
            title="restart of the API server, as its log tells",
            settings={"down_s": 5.0, "spread_s": 2.0},
            trigger=True,
        )
        return Happened((), (event,)), Part((_told("restart", restarts, "starts in the server's log"),), late)
    come = demand.newcomers
    if come is not None and come.tokens >= FEW:
        who, event, part = _burst(come, at, demand)
        return Happened((who,), (event,)), part + Part(unidentified=late)
    if present.backlog and not late:
        lookups = max(1, round(present.backlog))
        title = f"{lookups:,} look-ups wait, whatever brought them"
        event = Event(at_s=at, action="backlog", title=title, settings={"lookups": lookups}, trigger=True)
        part = Part((_told("backlog", lookups, present.reference),), (UNKNOWN,))
        return Happened((), (event,)), part
    return Happened((), ()), Part(unidentified=(*late, UNKNOWN))


def _calm(demand: Demand) -> bool:
    parts = demand.stretches
    return parts.onset is not None and parts.calm.seconds >= WARM_S / 2.0


def _restarts(observed: Observed, onset: int) -> int:
    lives = observed.logs.lifetimes if observed.logs else ()
    starts = [at for life in lives if life.component == "kube-apiserver" for at in life.starts]
    first = observed.logs.first_at if observed.logs else onset
    low, high = onset - int(AROUND_S * MICROS), onset + int(10 * MICROS)
    return sum(low <= at <= high and at > first + MICROS for at in starts)


def _told(what: str, value: float, reference: str) -> Estimate:
    return Estimate(key=f"events.{what}", value=value, source=Source.MEASURED, reference=reference)


def _burst(come: Newcomers, at: float, demand: Demand) -> tuple[Clients, Event, Part]:
    """ServiceAccounts that come at the onset: each asks for one thing, and again until it has had enough."""
    tokens = Tokens(
        credential="legacy_token" if demand.limiter.secrets else _kind(demand),
        count=come.tokens,
        subject=f"system:serviceaccount:{plain(come.namespace)}:newcomer-{{token}}",
    )
    user, groups = identity(NAME, tokens)
    returns = demand.limiter.returns_s
    steps = _tries(come)
    who = Clients(
        name=NAME,
        count=come.tokens,
        user=user,
        groups=groups,
        operation=Operation(
            verb=plain(come.verb),
            group=plain(come.group),
            resource=plain(come.resource) or "pods",
            namespace=plain(come.namespace),
        ),
        tokens=tokens,
        arrivals="none",
        patience=Delay(mean_s=returns - BACKOFF_S if returns and returns > BACKOFF_S else 30.0),
        retry=Retry(steps=steps, base_s=BACKOFF_S),
    )
    spread = max(1.0, round(come.within_s, 1)) if come.reference.startswith("waits") else 1.0
    event = Event(
        at_s=at,
        action="burst",
        title=f"{come.tokens:,} new ServiceAccounts come",
        settings={"clients": NAME, "requests": come.tokens, "spread_s": spread},
        trigger=True,
    )
    return who, event, _of_burst(come, steps, spread)


def _tries(come: Newcomers) -> int:
    """Tries of one newcomer; an audit log shows only those that were authenticated, so less than usual is not believed."""
    if come.asks >= FOR_EVER:
        return 1_000_000
    seen = max(1, round(come.asks))
    return seen if come.reference.startswith("waits") else max(seen, USUAL_TRIES)


def _kind(demand: Demand) -> str:
    return "legacy_token" if any("-token-" in name for name in demand.limiter.names) else "bound_token"


def _of_burst(come: Newcomers, steps: int, spread: float) -> Part:
    key = f"clients.{NAME}"
    reference = f"ServiceAccounts first seen around the onset, {come.reference}"
    sure = come.reference.startswith("waits")
    return Part(
        (
            Estimate(
                key=f"{key}.count",
                value=come.tokens,
                low=come.tokens,
                high=1.1 * come.tokens if sure else 2.0 * come.tokens,
                unit="clients",
                source=Source.MEASURED,
                reference=reference,
                note="" if sure else "those that never got through do not show",
            ),
            Estimate(
                key=f"{key}.retry",
                value=steps,
                low=1,
                high=2.0 * steps,
                unit="tries",
                source=Source.MEASURED if sure and come.asks > 1 else Source.ASSUMED,
                reference="median asks of one of them" if sure else "usual number of tries",
            ),
            Estimate(
                key="events.spread",
                value=spread,
                low=0.5,
                high=max(2.0, 2.0 * spread),
                unit="s",
                source=Source.MEASURED if sure else Source.ASSUMED,
                reference="time in which 90 % of them come" if sure else "they come together",
            ),
        )
    )


def present(observed: Observed, demand: Demand, rate: float) -> tuple[Present, Part]:
    """The state at the end of the evidence.

    Args:
        observed: Observations.
        demand: What calibration measures.
        rate: r, look-ups a second that one limiter lets pass; not above 0 without limiter.
    """
    limiter, now = demand.limiter, demand.stretches.fails_now
    wait = limiter.wait_s
    if wait and limiter.slope is not None and now:
        wait = max(0.0, wait + limiter.slope * limiter.reserved_before_s)
    if not now and wait is None and demand.stretches.onset is None:
        wait = 0.0
    known = wait is not None and rate > 0
    found = Present(
        backlog=wait * rate if wait is not None and known else None,
        throttle_wait_s=wait,
        seats_mutating=_seats(observed),
        refusals_per_s=demand.rejected_per_s,
        failing=now,
        reference="waits of look-ups in the server's log, carried on to the end"
        if wait
        else "the last minute",
    )
    return found, Part(unidentified=(WAITS,) if now and rate > 0 and wait is None else ())


def _seats(observed: Observed) -> float | None:
    """Mean mutating seats held in the last minute."""
    held = observed.timeline.series.get("held_mutating", ())
    last = held[-max(1, int(LAST_S / observed.timeline.step_s)) :]
    return sum(last) / len(last) if last else None
