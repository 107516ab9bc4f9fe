"""Whether a simulated run lasts long enough for its verdict: persistence is a statement about a horizon.

A transient that heals by itself can be amplified many times over and look permanent. A run that still fails at its
end says *stuck* only if it lasted several times as long as the transient that closed forms predict.
"""

from math import ceil, inf

from snowpit.cluster.scenario import Event, Scenario
from snowpit.cluster.workload import LOOKED_UP, Clients
from snowpit.mechanism.cache_laws import dogpile_recovery
from snowpit.mechanism.limiter_laws import demand

TIMES = 6.0
"""Horizon after the last trigger over the predicted transient, from which on a verdict is believed."""

_DEFAULT_TTL_S = 10.0


def transient(scenario: Scenario) -> float | None:
    """Seconds in which the loopback limiter would drain the triggers' work if nothing sustained it; null if unknown.

    The longer one of two laws, per API server, with q0 look-ups from the triggers and c a review:
    one shared token, (q0 + c min(n, M)) / (r - B), where B is the healthy demand of all tokens; and the dogpile of the
    busiest token, (q0 / r)(1 + 2 rho + 2 rho^2). Infinite if the healthy demand exceeds the limiter.
    """
    rate = scenario.plane.number("loopback_qps")
    lookups = scenario.plane.number("lookups_legacy_live")
    if not rate or rate < 0 or not lookups or scenario.plane.flag("informer_first"):
        return None
    servers = max(1, scenario.servers)
    reviews = min(scenario.kubelets.count / servers, scenario.plane.limit("mutating"))
    backlog = sum(brought(event, scenario, lookups) for event in scenario.events if event.trigger)
    backlog += lookups * reviews
    by_population = [
        (calls_per_s(who) / servers, who.tokens.count) for who in scenario.clients if _uses_limiter(who)
    ]
    healthy = sum(
        demand(0.0, requests, tokens=tokens, lookups=int(lookups), ttl=_ttl(scenario))
        for requests, tokens in by_population
        if requests > 0
    )
    if healthy >= rate:
        return inf
    busiest = max((requests / tokens for requests, tokens in by_population), default=0.0)
    return max(backlog / (rate - healthy), dogpile_recovery(busiest, backlog, rate=rate))


def short(scenario: Scenario) -> str:
    """A warning if the horizon is too short for a verdict of *stuck*, in one sentence; empty if it is not."""
    predicted = transient(scenario)
    if predicted is None or predicted == 0.0:
        return ""
    last = max((event.at_s for event in scenario.events if event.trigger), default=0.0)
    left = max(0.0, scenario.horizon_s - last)
    if predicted == inf:
        return "The healthy demand for look-ups already exceeds the loopback limiter: no transient can be predicted."
    if left >= TIMES * predicted:
        return ""
    enough = ceil((last + TIMES * predicted) / 60.0)
    return (
        f"The horizon ends {left:.0f} s after the last trigger, and closed forms predict a transient of {predicted:.0f} s:"
        f" believe that it is stuck from --horizon {enough}m on."
    )


def brought(event: Event, scenario: Scenario, lookups: float) -> float:
    """Look-ups that a trigger brings to one API server.

    Args:
        event: The trigger.
        scenario: Whose it is.
        lookups: Look-ups a review.
    """
    servers = 1 if "server" in event.settings else max(1, scenario.servers)
    if event.action == "backlog":
        return float(event.settings.get("lookups", 0))
    if event.action == "burst":
        return lookups * float(event.settings.get("requests", 0)) / servers
    if event.action in ("restart", "lose", "upgrade"):
        return (
            lookups * sum(who.count for who in scenario.clients if who.reconnects) / max(1, scenario.servers)
        )
    return 0.0


def _uses_limiter(who: Clients) -> bool:
    return who.tokens.credential in LOOKED_UP


def token_clients(scenario: Scenario) -> tuple[Clients, ...]:
    """Populations with tokens that are looked up and that call by themselves."""
    return tuple(who for who in scenario.clients if _uses_limiter(who) and who.arrivals != "none")


def calls_per_s(who: Clients) -> float:
    """Calls per second of a population while all is well."""
    if who.arrivals == "open":
        return who.rate_per_s
    if who.arrivals == "none" or who.think.mean_s <= 0:
        return 0.0
    return who.count / who.think.mean_s


def _ttl(scenario: Scenario) -> float:
    found = scenario.plane.number("token_cache_success_ttl_s")
    return _DEFAULT_TTL_S if found is None else found
