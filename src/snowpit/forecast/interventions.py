"""What an operator may do, as changes of a scenario: at an instant, and from the start.

Each function gives the intervention for a scenario, or null where there is nothing to change. Words about them stand in
``knowledge/interventions.toml``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from snowpit.cluster.change import apply
from snowpit.cluster.flow_schemas import levels
from snowpit.cluster.horizon import token_clients
from snowpit.cluster.scenario import PriorityLevel, Scenario
from snowpit.cluster.workload import Clients
from snowpit.forecast.populations import askers
from snowpit.knowledge.facts import Value
from snowpit.knowledge.version import Version

DOWN_S = 10.0
"""Start of an API server."""

BACK_S = 2.0
"""Watches break at once; client-go is back within a second or two."""

SLOWLY_S = 120.0
BACKOFF_S = 30.0
KUBELET_TTL_S = 600.0
USUAL_LIMIT = 200
GUARD = PriorityLevel(name="snowpit-guard", shares=20, queues=64, queue_length=50, hand_size=6)
"""Priority level for the reviews of kubelets."""

PATCHES = {"1.13": "1.13.12", "1.14": "1.14.8", "1.15": "1.15.5", "1.16": "1.16.1"}
"""First patch release of a minor version without the loopback limiter (kubernetes/kubernetes#80465)."""

Settings = Mapping[str, Value]


class Act(NamedTuple):
    """One event of an intervention, so many seconds after it begins."""

    after_s: float
    action: str
    settings: Settings


class Intervention(NamedTuple):
    """A change of a scenario.

    Args:
        base: The scenario, perhaps with a population split or an idle server; until the acts it behaves as before.
        acts: What is done, in order.
        fixed: The scenario with the change in place from the start; null if it changes nothing that lasts.
        from_start: True if the change cannot be made to a running simulation; then ``fixed`` is simulated from a restart.
    """

    base: Scenario
    acts: tuple[Act, ...] = ()
    fixed: Scenario | None = None
    from_start: bool = False


Making = Callable[[Scenario], Intervention | None]


def _sets(scenario: Scenario, changes: Mapping[str, Value], *, restart: bool = False) -> Intervention | None:
    """Values set at an instant, with or without a restart of the API servers for it."""
    if not changes:
        return None
    fixed = scenario
    for key, value in changes.items():
        fixed = apply(fixed, key, value)
    acts = [Act(0.0, "set", {"key": key, "value": value}) for key, value in changes.items()]
    return Intervention(scenario, (*acts, *(_restart_acts() if restart else ())), fixed)


def _restart_acts() -> tuple[Act, ...]:
    return (Act(0.0, "restart", {"down_s": DOWN_S, "spread_s": BACK_S}),)


def token_scrapers(scenario: Scenario) -> list[str]:
    """Scrapers whose token the API servers have to look up or review."""
    plain = ("certificate", "static_token")
    return [one.name for one in scenario.scrapers if one.tokens.credential not in plain]


def scraper(credential: str) -> Making:
    """Scrapers show another credential than a token."""

    def make(scenario: Scenario) -> Intervention | None:
        names = token_scrapers(scenario)
        return _sets(scenario, {f"scrapers.{name}.credential": credential for name in names})

    return make


def stop_scraper(scenario: Scenario) -> Intervention | None:
    """Scrapers with a token stop."""
    names = token_scrapers(scenario)
    left = tuple(one for one in scenario.scrapers if one.name not in names)
    acts = tuple(Act(0.0, "stop", {"clients": name}) for name in names)
    return Intervention(scenario, acts, replace(scenario, scrapers=left)) if names else None


def restart(scenario: Scenario) -> Intervention:
    """All API servers restart at once."""
    return Intervention(scenario, _restart_acts())


def staggered_restart(scenario: Scenario) -> Intervention:
    """API servers restart one after another, and clients come back slowly."""
    settings = [
        {"server": server, "down_s": DOWN_S, "spread_s": SLOWLY_S} for server in range(scenario.servers)
    ]
    return Intervention(
        scenario, tuple(Act(place * SLOWLY_S, "restart", one) for place, one in enumerate(settings))
    )


def limited(factor: Callable[[int], int]) -> Making:
    """The mutating limit is changed; where priority and fairness rules there is none."""

    def make(scenario: Scenario) -> Intervention | None:
        before = scenario.plane.limit("mutating")
        after = factor(before)
        if scenario.levels or after == before:
            return None
        return _sets(scenario, {"max_mutating_requests_inflight": after}, restart=True)

    return make


def lower(limit: int) -> int:
    """The usual limit, or half of one that is not above it."""
    return USUAL_LIMIT if limit > USUAL_LIMIT else max(1, limit // 2)


def looked_up(scenario: Scenario) -> list[Clients]:
    """Populations with tokens that the API servers look up."""
    names = {asker.name for asker in askers(scenario)}
    return [one for one in token_clients(scenario) if one.name in names]


def fewer_clients(scenario: Scenario) -> Intervention | None:
    """Each population is split; one half moves to certificates."""
    split = [one for one in looked_up(scenario) if one.count > 1 and not one.tokens.shared_with]
    if not split:
        return None
    clients: list[Clients] = []
    changes: dict[str, Value] = {}
    for one in scenario.clients:
        if one not in split:
            clients.append(one)
            continue
        stay, move = _halves(one)
        clients += [stay, move]
        changes[f"clients.{move.name}.credential"] = "certificate"
    return _sets(replace(scenario, clients=tuple(clients)), changes)


def _halves(one: Clients) -> tuple[Clients, Clients]:
    moved, half = one.count // 2, max(1, one.tokens.count // 2)
    rest = replace(one.tokens, count=max(1, one.tokens.count - half))
    stay = replace(one, count=one.count - moved, tokens=rest, rate_per_s=one.rate_per_s / 2.0)
    other = replace(one.tokens, count=half)
    return stay, replace(
        one, name=f"{one.name}-moved", count=moved, tokens=other, rate_per_s=one.rate_per_s / 2.0
    )


def shed(scenario: Scenario) -> Intervention | None:
    """Nine in ten calls with tokens are refused at the door for ten minutes."""
    names = [one.name for one in looked_up(scenario)]
    acts = [Act(0.0, "shed", {"clients": name, "share": 0.9}) for name in names]
    ends = [Act(600.0, "shed", {"clients": name, "share": 0.0}) for name in names]
    return Intervention(scenario, (*acts, *ends)) if names else None


def backoff(scenario: Scenario) -> Intervention | None:
    """Clients with tokens wait longer before they try again."""
    slow = {
        f"clients.{one.name}.retry.base": f"{BACKOFF_S}s"
        for one in looked_up(scenario)
        if one.retry.base_s < BACKOFF_S
    }
    return _sets(scenario, slow)


def kubelet_cache(scenario: Scenario) -> Intervention | None:
    """Kubelets keep accepted reviews longer."""
    long = (
        scenario.kubelets.ok_ttl_s >= KUBELET_TTL_S
        or not token_scrapers(scenario)
        or not scenario.kubelets.count
    )
    return None if long else _sets(scenario, {"kubelets.ok_ttl": f"{KUBELET_TTL_S}s"})


def token_cache(scenario: Scenario) -> Intervention | None:
    """API servers keep accepted tokens longer."""
    needed = any(True for _ in askers(scenario))
    return _sets(scenario, {"token_cache_success_ttl_s": "60s"}, restart=True) if needed else None


def lookup_off(scenario: Scenario) -> Intervention | None:
    """Legacy tokens are accepted without look-ups."""
    if not askers(scenario) or not scenario.plane.may("service_account_lookup"):
        return None
    return _sets(scenario, {"service_account_lookup": False}, restart=True)


def another_server(scenario: Scenario) -> Intervention:
    """One server more, which stands idle until it is added."""
    more = replace(scenario, servers=scenario.servers + 1)
    return Intervention(more, (Act(0.0, "return", {"server": scenario.servers, "spread_s": SLOWLY_S}),), more)


def upgrade(version: str) -> Making:
    """API servers take a later version."""

    def make(scenario: Scenario) -> Intervention | None:
        if scenario.plane.version is None or scenario.plane.version.at_least(version):
            return None
        act = Act(0.0, "upgrade", {"version": version, "down_s": DOWN_S, "spread_s": BACK_S})
        return Intervention(scenario, (act,), apply(scenario, "version", version))

    return make


def patch_of(version: Version | None) -> str:
    """The first patch release of the same minor version without the limiter; empty if there is none or it is run."""
    found = PATCHES.get(f"{version.major}.{version.minor}", "") if version else ""
    return found if version and found and not version.at_least(found) else ""


def upgrade_patch(scenario: Scenario) -> Intervention | None:
    """API servers take the patch release without limiter."""
    patch = patch_of(scenario.plane.version)
    return upgrade(patch)(scenario) if patch else None


def guard(scenario: Scenario) -> Intervention | None:
    """Reviews of kubelets in a level of their own, so that they starve nobody; an upgrade where it takes one."""
    if not scenario.kubelets.count:
        return None
    version = scenario.plane.version
    upgraded = scenario if version and version.at_least("1.20.0") else apply(scenario, "version", "1.20.0")
    shipped = upgraded.levels or levels(upgraded.plane)
    fixed = replace(
        upgraded,
        levels=(*shipped, GUARD),
        kubelets=replace(upgraded.kubelets, priority_level=GUARD.name),
    )
    return Intervention(scenario, (), fixed, from_start=True)
