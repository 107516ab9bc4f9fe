"""Short names of parameters that explorations vary, and what they stand for in a scenario."""

from snowpit.cluster.fields import word
from snowpit.cluster.horizon import calls_per_s, token_clients
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.workload import Clients
from snowpit.errors import ScenarioError

FRIENDLY = {
    "tokens": ("clients.{main}.tokens.count", "ServiceAccount tokens in use"),
    "clients": ("clients.{main}.count", "ServiceAccount clients"),
    "nodes": ("kubelets.count", "nodes"),
    "think": ("clients.{main}.think.mean", "time between calls, s"),
    "patience": ("clients.{main}.patience.mean", "patience of clients, s"),
    "backoff": ("clients.{main}.retry.base", "back-off of clients, s"),
    "limit": ("max_mutating_requests_inflight", "mutating requests in flight"),
    "qps": ("loopback_qps", "loopback limiter, look-ups/s"),
    "ttl": ("token_cache_success_ttl_s", "time to live of token cache, s"),
    "period": ("scrapers.{scraper}.period", "scrape period, s"),
}
"""Short names: key path, and words for an axis. ``main`` is the busiest ServiceAccount population."""


def named(name: str, scenario: Scenario) -> tuple[str, str]:
    """Key path and words of a name; any other name is taken for a key path.

    Raises:
        ScenarioError: If the scenario has nothing that the name stands for.
    """
    if name not in FRIENDLY:
        return name, word(name)
    key, label = FRIENDLY[name]
    if "{main}" in key:
        key = key.format(main=main_clients(scenario).name)
    if "{scraper}" in key:
        if not scenario.scrapers:
            raise ScenarioError(f"{scenario.name} has no scraper to vary the {name} of.", "Vary another key.")
        key = key.format(scraper=scenario.scrapers[0].name)
    return key, label


def main_clients(scenario: Scenario) -> Clients:
    """The population with ServiceAccount tokens that asks for most.

    Raises:
        ScenarioError: If there is none.
    """
    asking = token_clients(scenario)
    if not asking:
        raise ScenarioError(
            f"{scenario.name} has no clients with ServiceAccount tokens that call by themselves.",
            "Name the population in the key: clients.<name>.count=100:1000:10.",
        )
    return max(asking, key=lambda who: (_calls_per_s(who), who.count))


def _calls_per_s(who: Clients) -> float:
    """While all is well; who never thinks asks as fast as answers come, here once a second each."""
    return calls_per_s(who) if who.arrivals == "open" or who.think.mean_s > 0 else float(who.count)
