"""A scenario made smaller or larger without changing how it behaves.

Counts, rates and limits are multiplied; times stay. What decides whether an overload feeds itself are ratios (requests
per limiter token, seats per look-up rate, clients per capacity), and these stay as they are. What does not scale: chance
(a smaller system fluctuates more), the last digit of small counts, and the stripes of old token caches.
"""

from collections.abc import Mapping
from dataclasses import replace

from snowpit.cluster.control_plane import NO_LIMIT, ControlPlane, Sourced, with_values
from snowpit.cluster.scenario import Event, Scenario
from snowpit.cluster.workload import Clients, Tokens
from snowpit.errors import ScenarioError
from snowpit.knowledge.facts import Value

LIMITS = ("loopback_burst", "loopback_qps", "max_mutating_requests_inflight", "max_requests_inflight")
RATES = ("loopback_qps",)
"""Limits that need not be whole."""

COUNTS: Mapping[str, tuple[str, ...]] = {"burst": ("requests",), "backlog": ("lookups",)}
"""Settings of events that are counts."""


def scaled(scenario: Scenario, factor: float) -> Scenario:
    """The scenario with every population and every limit multiplied.

    Args:
        scenario: A scenario of a control plane.
        factor: Above 0; 0.1 makes a tenth of it.

    Raises:
        ScenarioError: If the factor is not above 0, or a limit would vanish.
    """
    if not 0.0 < factor < float("inf"):
        raise ScenarioError(f"A scenario cannot be scaled by {factor!r}.", "Give a factor such as 0.1.")
    if factor == 1.0:
        return scenario
    return replace(
        scenario,
        plane=_plane(scenario.plane, factor),
        clients=tuple(_clients(one, factor) for one in scenario.clients),
        kubelets=replace(scenario.kubelets, count=count(scenario.kubelets.count, factor)),
        scrapers=tuple(replace(one, tokens=_tokens(one.tokens, factor)) for one in scenario.scrapers),
        events=tuple(_event(one, factor) for one in scenario.events),
    )


def count(number: int, factor: float) -> int:
    """A count, rounded; what was there stays there.

    >>> count(1000, 0.1), count(2, 0.1), count(0, 0.1)
    (100, 1, 0)
    """
    return max(1, round(number * factor)) if number > 0 else 0


def _plane(plane: ControlPlane, factor: float) -> ControlPlane:
    found = {name: plane.values[name] for name in LIMITS if name in plane.values}
    return with_values(
        plane, {name: _limit(name, value, factor) for name, value in found.items() if _bounds(value)}
    )


def _bounds(value: Sourced) -> bool:
    return not isinstance(value.value, str) and 0 < float(value.value) < NO_LIMIT


def _limit(name: str, limit: Sourced, factor: float) -> Sourced:
    whole = isinstance(limit.value, int) and name not in RATES
    value: Value = count(int(limit.value), factor) if whole else float(limit.value) * factor
    return limit._replace(value=value, reference=f"{limit.reference}, times {factor:g}")


def _clients(one: Clients, factor: float) -> Clients:
    return replace(
        one,
        count=count(one.count, factor),
        rate_per_s=one.rate_per_s * factor,
        tokens=_tokens(one.tokens, factor),
        reviewed=None if one.reviewed is None else _tokens(one.reviewed, factor),
    )


def _tokens(tokens: Tokens, factor: float) -> Tokens:
    return replace(tokens, count=count(tokens.count, factor))


def _event(event: Event, factor: float) -> Event:
    """An event with its counts scaled, and what it sets where that is a count."""
    settings = dict(event.settings)
    for name in COUNTS.get(event.action, ()):
        settings[name] = count(int(settings[name]), factor)
    key, value = str(settings.get("key", "")), settings.get("value")
    if event.action == "set" and isinstance(value, (int, float)) and _is_scaled(key):
        settings["value"] = count(value, factor) if isinstance(value, int) else value * factor
    return replace(event, settings=settings)


def _is_scaled(key: str) -> bool:
    last = key.rpartition(".")[2]
    return last in LIMITS or last in ("count", "tokens")
