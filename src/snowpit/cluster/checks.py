"""What has to hold between the parts of a scenario, when each part by itself is well formed."""

import re
from collections.abc import Sequence

from snowpit.cluster import units
from snowpit.cluster.scenario import Event, Scenario
from snowpit.cluster.workload import FOREVER, Clients, Scraper, Tokens

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}", re.ASCII)
REVIEWS = "tokenreviews"


def check(scenario: Scenario, place: str) -> Scenario:
    """The scenario itself, if its parts fit together.

    Raises:
        ScenarioError: If two populations share a name, a name that is referred to does not exist, or settings
            contradict each other.
    """
    names = [item.name for item in scenario.clients]
    names += [item.name for item in scenario.scrapers]
    for name in names:
        if not _NAME.fullmatch(name):
            units.refuse(f"{place}: name", name, "it has to be of a-z, 0-9 and -, at most 41 of them")
        if names.count(name) > 1:
            units.refuse(f"{place}: name", name, "it names two populations")
    for client in scenario.clients:
        _client(client, scenario, names, place=f"{place}: clients.{client.name}")
    for scraper in scenario.scrapers:
        _scraper(scraper, names, place=f"{place}: scrapers.{scraper.name}")
    _levels(scenario, place)
    for event in scenario.events:
        _event(event, scenario, place)
    return scenario


def _client(client: Clients, scenario: Scenario, names: Sequence[str], *, place: str) -> None:
    if client.arrivals == "open" and client.rate_per_s <= 0.0:
        units.refuse(
            f"{place}.rate", client.rate_per_s, "open arrivals need a rate above 0", 'Write rate = "30/s".'
        )
    if client.arrivals != "open" and client.rate_per_s > 0.0:
        units.refuse(f"{place}.rate", client.rate_per_s, f"arrivals are {client.arrivals}, they take no rate")
    if (client.reviewed is not None) != (client.operation.resource == REVIEWS):
        hint = 'Write for instance reviewed = { credential = "legacy_token", count = 100 }.'
        units.refuse(
            f"{place}.reviewed", client.operation.resource, "TokenReviews, and only they, review tokens", hint
        )
    for tokens in (client.tokens, client.reviewed):
        if tokens is not None:
            _shared(tokens, client.name, names, place=place)
    known = [level.name for level in scenario.levels]
    if client.priority_level and client.priority_level not in known:
        rule = "there is no such priority level" if known else "the in-flight gate has no priority levels"
        units.refuse(
            f"{place}.priority_level",
            client.priority_level,
            rule,
            units.closest(client.priority_level, known),
        )


def _shared(tokens: Tokens, own: str, names: Sequence[str], *, place: str) -> None:
    other = tokens.shared_with
    if other and (other not in names or other == own):
        units.refuse(
            f"{place}.shared_with", other, "no other population has this name", units.closest(other, names)
        )


def _scraper(scraper: Scraper, names: Sequence[str], *, place: str) -> None:
    if scraper.tokens.count != 1:
        units.refuse(f"{place}.tokens", scraper.tokens.count, "a scraper shows one token")
    if not 0.0 < scraper.period_s < FOREVER:
        units.refuse(f"{place}.period", scraper.period_s, "it has to be above 0")
    if not scraper.evenly and scraper.spread_s > scraper.period_s:
        units.refuse(f"{place}.spread", scraper.spread_s, "it must not exceed the period")
    _shared(scraper.tokens, scraper.name, names, place=place)


def _levels(scenario: Scenario, place: str) -> None:
    names = [level.name for level in scenario.levels]
    for name in names:
        if names.count(name) > 1:
            units.refuse(f"{place}: levels", name, "it names two levels")
    wanted = scenario.kubelets.priority_level
    if wanted and wanted not in names:
        units.refuse(f"{place}: kubelets.priority_level", wanted, "there is no such priority level")


def _event(event: Event, scenario: Scenario, place: str) -> None:
    if event.action in ("lose", "return") and scenario.servers == 1:
        rule = "a scenario with one API server has none to lose"
        units.refuse(
            f"{place}: events.action", event.action, rule, 'Set servers = 2 or more, or use "restart".'
        )
