"""What an operator may do, as changes of a scenario: at an instant, and from the start.

Each function gives the intervention for a scenario, or null where there is nothing to change. Words about them stand in
``knowledge/interventions.toml``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from snowpit.cluster.change import apply
from snowpit.cluster.flow_schemas import levels
from snowpit.cluster.scenario import PriorityLevel, Scenario
from snowpit.cluster.workload import Clients
from snowpit.forecast.askers import askers
from snowpit.forecast.starts import LOOKED_UP
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


def _scraper(credential: str) -> "Making":
    def make(scenario: Scenario) -> Intervention | None:
        names = token_scrapers(scenario)
        return _sets(scenario, {f"scrapers.{name}.credential": credential for name in names})

    return make


def _stop_scraper(scenario: Scenario) -> Intervention | None:
    names = token_scrapers(scenario)
    left = tuple(one for one in scenario.scrapers if one.name not in names)
    acts = tuple(Act(0.0, "stop", {"clients": name}) for name in names)
    return Intervention(scenario, acts, replace(scenario, scrapers=left)) if names else None


def _restart(scenario: Scenario) -> Intervention:
    return Intervention(scenario, _restart_acts())


def _staggered_restart(scenario: Scenario) -> Intervention:
    settings = [
        {"server": server, "down_s": DOWN_S, "spread_s": SLOWLY_S} for server in range(scenario.servers)
    ]
    return Intervention(
        scenario, tuple(Act(place * SLOWLY_S, "restart", one) for place, one in enumerate(settings))
    )


def _limited(factor: Callable[[int], int]) -> "Making":
    def make(scenario: Scenario) -> Intervention | None:
        before = scenario.plane.limit("mutating")
        after = factor(before)
        if scenario.levels or after == before:
            return None
        return _sets(scenario, {"max_mutating_requests_inflight": after}, restart=True)

    return make


def _lower(limit: int) -> int:
    return USUAL_LIMIT if limit > USUAL_LIMIT else max(1, limit // 2)


def looked_up(scenario: Scenario) -> list[Clients]:
    """Populations with tokens that the API servers look up."""
    names = {asker.name for asker in askers(scenario)}
    return [
        one
        for one in scenario.clients
        if one.name in names and one.tokens.credential in LOOKED_UP and one.arrivals != "none"
    ]


def _fewer_clients(scenario: Scenario) -> Intervention | None:
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


def _shed(scenario: Scenario) -> Intervention | None:
    names = [one.name for one in looked_up(scenario)]
    acts = [Act(0.0, "shed", {"clients": name, "share": 0.9}) for name in names]
    ends = [Act(600.0, "shed", {"clients": name, "share": 0.0}) for name in names]
    return Intervention(scenario, (*acts, *ends)) if names else None


def _backoff(scenario: Scenario) -> Intervention | None:
    slow = {
        f"clients.{one.name}.retry.base": f"{BACKOFF_S}s"
        for one in looked_up(scenario)
        if one.retry.base_s < BACKOFF_S
    }
    return _sets(scenario, slow)


def _kubelet_cache(scenario: Scenario) -> Intervention | None:
    long = (
        scenario.kubelets.ok_ttl_s >= KUBELET_TTL_S
        or not token_scrapers(scenario)
        or not scenario.kubelets.count
    )
    return None if long else _sets(scenario, {"kubelets.ok_ttl": f"{KUBELET_TTL_S}s"})


def _token_cache(scenario: Scenario) -> Intervention | None:
    needed = any(True for _ in askers(scenario))
    return _sets(scenario, {"token_cache_success_ttl_s": "60s"}, restart=True) if needed else None


def _lookup_off(scenario: Scenario) -> Intervention | None:
    if not askers(scenario) or not scenario.plane.may("service_account_lookup"):
        return None
    return _sets(scenario, {"service_account_lookup": False}, restart=True)


def _another_server(scenario: Scenario) -> Intervention:
    """One server more, which stands idle until it is added."""
    more = replace(scenario, servers=scenario.servers + 1)
    return Intervention(more, (Act(0.0, "return", {"server": scenario.servers, "spread_s": SLOWLY_S}),), more)


def _upgrade(version: str) -> "Making":
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


def _upgrade_patch(scenario: Scenario) -> Intervention | None:
    patch = patch_of(scenario.plane.version)
    return _upgrade(patch)(scenario) if patch else None


def _guard(scenario: Scenario) -> Intervention | None:
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


Making = Callable[[Scenario], Intervention | None]

INTERVENTIONS: Mapping[str, Making] = {
    "scraper_certificate": _scraper("certificate"),
    "scraper_static_token": _scraper("static_token"),
    "stop_scraper": _stop_scraper,
    "restart": _restart,
    "staggered_restart": _staggered_restart,
    "raise_mutating_limit": _limited(lambda limit: 2 * limit),
    "lower_mutating_limit": _limited(_lower),
    "fewer_clients": _fewer_clients,
    "shed_load": _shed,
    "client_backoff": _backoff,
    "longer_kubelet_cache": _kubelet_cache,
    "longer_token_cache": _token_cache,
    "lookup_off": _lookup_off,
    "another_server": _another_server,
    "upgrade_patch": _upgrade_patch,
    "upgrade_1_14": _upgrade("1.14.0"),
    "upgrade_1_17": _upgrade("1.17.0"),
    "upgrade_1_18": _upgrade("1.18.0"),
    "priority_and_fairness_guard": _guard,
}
"""Interventions by id, in the order of ``interventions.toml``."""

PAIRS: Sequence[tuple[str, str]] = (
    ("scraper_certificate", "staggered_restart"),
    ("scraper_certificate", "lower_mutating_limit"),
    ("scraper_certificate", "fewer_clients"),
    ("shed_load", "scraper_certificate"),
)
"""Pairs that operators would do together: one takes the load away, the other the cause."""


def candidates(scenario: Scenario) -> dict[tuple[str, ...], Intervention]:
    """Interventions that make sense for the scenario, single ones first, then pairs, by ids."""
    found: dict[tuple[str, ...], Intervention] = {
        (name,): made for name, make in INTERVENTIONS.items() if (made := make(scenario)) is not None
    }
    for first, second in PAIRS:
        one = found.get((first,))
        other = INTERVENTIONS[second](one.base) if one is not None else None
        if one is not None and other is not None:
            found[first, second] = _both(one, other, INTERVENTIONS[second])
    return found


def _both(one: Intervention, other: Intervention, make: Making) -> Intervention:
    """Two at once: what lasts of the first is the ground of the second."""
    lasting = make(one.fixed) if one.fixed is not None else None
    fixed = lasting.fixed if lasting is not None and lasting.fixed is not None else one.fixed or other.fixed
    return Intervention(other.base, (*one.acts, *other.acts), fixed)
