"""From the populations of a scenario to who makes one of its API servers look tokens up."""

from math import ceil, inf

from snowpit.cluster.authenticators import price
from snowpit.cluster.horizon import calls_per_s
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.workload import Clients, Scraper, Tokens
from snowpit.forecast.askers import Asker, Cache

BUCKETS = 64
"""Groups of tokens of like weight that stand for all tokens of an uneven set."""


def cache_of(scenario: Scenario) -> Cache:
    """The token cache of a scenario."""
    ttl = scenario.plane.number("token_cache_success_ttl_s")
    return Cache(
        ttl_s=10.0 if ttl is None else ttl,
        coalesces=bool(scenario.plane.flag("token_cache_coalesces")),
        dead_fills=scenario.switches.dead_work_fills_cache and not scenario.switches.cancel_abandoned,
    )


def askers(scenario: Scenario) -> tuple[Asker, ...]:
    """Who makes an API server of the scenario look tokens up through its loopback limiter."""
    found = [asker for who in scenario.clients for asker in _of_clients(who, scenario)]
    return tuple(found + [asker for one in scenario.scrapers for asker in _of_scraper(one, scenario)])


def _of_clients(who: Clients, scenario: Scenario) -> list[Asker]:
    """Its own credential, and the tokens that it puts to review."""
    if who.arrivals == "none" or who.count <= 0:
        return []
    servers = max(1, scenario.servers)
    rate = _calls_per_s(who) / servers
    common: dict[str, float] = {
        "count": who.count / servers,
        "rate": rate,
        "think_s": who.think.mean_s,
        "backoff_s": who.retry.base_s,
    }
    found = []
    for tokens, patience in ((who.tokens, who.patience.mean_s), (who.reviewed, _handler_limit(scenario))):
        made = _priced(tokens, scenario)
        if tokens is not None and made is not None:
            lookups, kind = made
            found.append(
                Asker(
                    name=who.name,
                    kind=kind,
                    open=who.arrivals == "open",
                    lookups=lookups,
                    own=kind != "refused" and not tokens.shared_with,
                    shares=_shares(tokens, who, servers),
                    patience_s=patience,
                    **common,
                )
            )
    return found


def _of_scraper(scraper: Scraper, scenario: Scenario) -> list[Asker]:
    made = _priced(scraper.tokens, scenario)
    laws, servers = scenario.kubelets, max(1, scenario.servers)
    if made is None or laws.count <= 0:
        return []
    lookups, kind = made
    kept = laws.ok_ttl_s if kind == "clients" else laws.failed_ttl_s
    between = scraper.period_s * max(1.0, -(-kept // scraper.period_s))
    nodes = laws.count / servers
    return [
        Asker(
            name=scraper.name,
            kind="reviews" if kind == "clients" else kind,
            count=nodes,
            rate=nodes / between,
            open=kind != "clients",
            lookups=lookups,
            own=kind == "clients" and not scraper.tokens.shared_with,
            patience_s=_handler_limit(scenario),
            tries=float(laws.retry.steps),
            period_s=scraper.period_s,
            review_period_s=between,
            spread_s=scraper.period_s if scraper.evenly else scraper.spread_s,
            seats=float(scenario.plane.limit("mutating")),
        )
    ]


def _priced(tokens: Tokens | None, scenario: Scenario) -> tuple[int, str] | None:
    """Look-ups of a miss, and whether the token is accepted; null if it costs none."""
    if tokens is None:
        return None
    found = price(scenario.plane, tokens.credential)
    if not found.lookups:
        return None
    return found.lookups, "clients" if found.accepted and found.cached else "refused"


def _calls_per_s(who: Clients) -> float:
    """While all is well; who never thinks asks once a back-off."""
    thinks = who.arrivals == "open" or who.think.mean_s > 0
    return calls_per_s(who) if thinks else who.count / max(1e-3, who.retry.base_s)


def _handler_limit(scenario: Scenario) -> float:
    limits = [scenario.plane.number(name) for name in ("handler_timeout_s", "request_timeout_s")]
    return min((limit for limit in limits if limit is not None and limit > 0), default=inf)


def _shares(tokens: Tokens, who: Clients, servers: int) -> tuple[tuple[int, float], ...]:
    """Tokens of a set grouped by weight: (number, share of one); of closed clients a server sees only its own."""
    law, _, exponent = tokens.weights.partition(":")
    if law != "zipf":
        seen = tokens.count if who.arrivals == "open" else min(tokens.count, ceil(who.count / servers))
        return ((seen, 1.0 / seen),)
    weights = [rank ** -float(exponent or 1.0) for rank in range(1, tokens.count + 1)]
    total, width = sum(weights), max(1, -(-tokens.count // BUCKETS))
    groups = (weights[first : first + width] for first in range(0, tokens.count, width))
    return tuple((len(group), sum(group) / len(group) / total) for group in groups)
