"""A scenario assembled from its raw table: the version's defaults first, what the table says on top."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from snowpit.cluster import units
from snowpit.cluster.by_version import (
    HEARTBEATS,
    heartbeats_of,
    joint_spread,
    kubelets_of,
    metrics_server_of,
)
from snowpit.cluster.change import apply, set_parameter, version_of, with_spans
from snowpit.cluster.control_plane import ControlPlane, simulated
from snowpit.cluster.fields import fill, word
from snowpit.cluster.flow_schemas import levels
from snowpit.cluster.happenings import events
from snowpit.cluster.scenario import CONTROL_PLANE, PriorityLevel, Scenario
from snowpit.cluster.tables import Table, named
from snowpit.cluster.workload import Clients, Kubelets, Scraper, Tokens
from snowpit.errors import ScenarioError
from snowpit.knowledge.facts import Value
from snowpit.knowledge.version import Version

TEXTS = ("name", "title", "summary")
KEYS = (
    *TEXTS,
    "model",
    "servers",
    "horizon",
    "bin",
    "control_plane",
    "kubelets",
    "heartbeats",
    "clients",
    "scrapers",
    "levels",
    "events",
    "switches",
    "extends",
    "events_replace",
)
PUBLISHED_KEYS = (*TEXTS, "model", "parameters", "horizon", "bin", "extends")

SERVICE_ACCOUNTS = ("legacy_token", "bound_token", "deleted_token")
_USERS: Mapping[str, tuple[str, str]] = {
    "masters": ("kubernetes-admin", "system:masters,system:authenticated"),
    "anonymous": ("system:anonymous", "system:unauthenticated"),
}


def assemble(table: Table, place: str, *, version_source: str = "scenario") -> Scenario:
    """The scenario of a raw table.

    Args:
        table: The table, nothing to extend left in it.
        place: Its file, for messages.
        version_source: ``scenario``, or ``flag`` if the version was overridden.

    Raises:
        ScenarioError: If a key or value breaks a rule.
    """
    _known(table, KEYS, place)
    plane, version = _plane(table, place, version_source)
    scenario = replace(_head(table, place), plane=plane)
    if "servers" in table:
        scenario = apply(scenario, "servers", table["servers"], place=place)
    nodes, kubelets = _kubelets(table.get("kubelets", {}), version, place)
    scrapers = tuple(
        _scraper(raw, kubelets.count, f"{place}: scrapers.{word(raw['name'])}")
        for raw in named(table.get("scrapers", []), f"{place}: scrapers")
    )
    if scrapers and "kubelets" not in table:
        units.refuse(
            f"{place}: scrapers", "", "there are no kubelets to scrape", "Add [kubelets] with count = 1000."
        )
    scenario = replace(
        scenario,
        kubelets=kubelets,
        scrapers=scrapers,
        clients=_clients(table, nodes, kubelets.count, place=place),
        levels=_levels(table, plane, place),
        switches=fill(scenario.switches, table.get("switches", {}), f"{place}: switches"),
    )
    scenario = _with_shared_tokens(scenario)
    return replace(scenario, events=events(table.get("events", []), scenario, place))


def published(table: Table, place: str) -> Scenario:
    """The scenario of a published model: its parameters are passed on as they are."""
    _known(table, PUBLISHED_KEYS, place)
    parameters = table.get("parameters", {})
    if not isinstance(parameters, Mapping):
        units.refuse(f"{place}: parameters", parameters, "it has to be a table")
    for key, value in parameters.items():
        if not isinstance(value, (bool, int, float, str)) or value != value:  # noqa: PLR0124 - not a number
            units.refuse(f"{place}: parameters.{word(key)}", value, "it has to be a single value")
    return replace(_head(table, place), parameters=dict(parameters))


def _known(table: Table, keys: tuple[str, ...], place: str) -> None:
    for key, value in table.items():
        if key not in keys:
            units.refuse(f"{place}: {word(key)}", value, "this key is not known", units.closest(key, keys))


def _head(table: Table, place: str) -> Scenario:
    texts = {key: units.text(table[key], f"{place}: {key}") for key in TEXTS if key in table}
    blank = Scenario(name=texts.get("name", place), plane=ControlPlane(None))
    horizon, width = table.get("horizon", blank.horizon_s), table.get("bin")
    if width is None:  # the usual width, unless the run is too short for it
        width = min(blank.bin_s, units.duration(horizon, f"{place}: horizon", never=False) / 10.0)
    return replace(
        with_spans(blank, horizon, width, place=place),
        title=texts.get("title", ""),
        summary=texts.get("summary", ""),
        model=units.text(table.get("model", CONTROL_PLANE), f"{place}: model"),
    )


def _plane(table: Table, place: str, version_source: str) -> tuple[ControlPlane, Version]:
    raw = table.get("control_plane")
    if not isinstance(raw, Mapping) or "version" not in raw:
        message = f"{place}: control_plane.version is missing."
        raise ScenarioError(message, 'Write [control_plane] and version = "1.12.4".')
    version = version_of(raw["version"], f"{place}: control_plane.version")
    plane = simulated(version, version_source=version_source)
    for key, value in raw.items():
        if key != "version":
            plane = set_parameter(plane, key, value, source="scenario", place=place)
    return plane, version


def _kubelets(raw: object, version: Version, place: str) -> tuple[Version, Kubelets]:
    """Kubelets by their own version, which is that of the control plane unless the table says otherwise."""
    where = f"{place}: kubelets"
    if isinstance(raw, Mapping) and "version" in raw:
        version = version_of(raw["version"], f"{where}.version")
        raw = {key: value for key, value in raw.items() if key != "version"}
    return version, fill(kubelets_of(version), raw, where)


def _scraper(raw: Table, nodes: int, place: str) -> Scraper:
    scraper = Scraper(name=raw["name"])
    rest = {key: value for key, value in raw.items() if key not in ("name", "version")}
    if "version" in raw:
        release = units.text(raw["version"], f"{place}.version")
        try:
            scraper = metrics_server_of(release, scraper)
        except ScenarioError as error:
            raise ScenarioError(f"{place}.version: {error.message}", error.hint) from None
        scraper = _patient(scraper, rest, place)
    filled = fill(replace(scraper, spread_s=joint_spread(nodes)), rest, place)
    return replace(filled, spread_s=0.0) if filled.evenly and "spread" not in rest else filled


def _patient(scraper: Scraper, rest: Mapping[str, object], place: str) -> Scraper:
    """Where the release waits for a part of its period, the wait follows a period of the table's own."""
    part = scraper.timeout_s / scraper.period_s
    if "period" not in rest or part != 0.9:  # noqa: PLR2004 - the part that metrics-server 0.3 to 0.6 takes
        return scraper
    return replace(scraper, timeout_s=part * units.duration(rest["period"], f"{place}.period", never=False))


def _clients(table: Table, version: Version, nodes: int, *, place: str) -> tuple[Clients, ...]:
    raws = {raw["name"]: raw for raw in named(table.get("clients", []), f"{place}: clients")}
    if len(raws) < len(table.get("clients", [])):
        units.refuse(f"{place}: clients", "", "two populations have the same name")
    own = {key: value for key, value in raws.pop(HEARTBEATS, {}).items() if key != "name"}
    beats = _heartbeats(table, own, heartbeats_of(version, nodes), place=place)
    return (*beats, *(_client(raw, f"{place}: clients.{word(name)}") for name, raw in raws.items()))


def _heartbeats(table: Table, own: Mapping[str, Any], base: Clients, *, place: str) -> tuple[Clients, ...]:
    """The population of heartbeats, changed by ``[heartbeats]`` and by an entry of that name among clients."""
    where, raw = f"{place}: heartbeats", table.get("heartbeats", {})
    if not isinstance(raw, Mapping):
        units.refuse(where, raw, "it has to be a table")
    wanted = units.flag(raw.get("enabled", base.count > 0), f"{where}.enabled")
    rest = {key: value for key, value in raw.items() if key != "enabled"} | dict(own)
    if wanted and base.count == 0:
        units.refuse(
            f"{where}.enabled", wanted, "there are no kubelets to beat", "Set kubelets.count above 0."
        )
    if rest and not wanted:
        units.refuse(where, rest, "there are no heartbeats, so they take no settings")
    renamed = {"think" if key == "period" else key: value for key, value in rest.items()}
    return (fill(base, renamed, where),) if wanted else ()


def _client(raw: Table, place: str) -> Clients:
    rest = {key: value for key, value in raw.items() if key != "name"}
    client = fill(Clients(name=raw["name"]), rest, place)
    user, groups = identity(client.name, client.tokens)
    return replace(
        client,
        user=client.user if "user" in rest else user,
        groups=client.groups if "groups" in rest else groups,
    )


def identity(name: str, tokens: Tokens) -> tuple[str, str]:
    """User name and groups that go with a credential, for clients that do not say.

    >>> identity("apps", Tokens(subject="system:serviceaccount:shop:cart-{token}"))[0]
    'system:serviceaccount:shop:cart-{token}'
    """
    if tokens.credential in _USERS:
        return _USERS[tokens.credential]
    parts = tokens.subject.split(":")
    if tokens.credential in SERVICE_ACCOUNTS and len(parts) == 4:  # noqa: PLR2004 - system:serviceaccount:space:name
        groups = f"system:serviceaccounts,system:serviceaccounts:{parts[2]},system:authenticated"
        return tokens.subject, groups
    return f"{name}-{{client}}", "system:authenticated"


def _with_shared_tokens(scenario: Scenario) -> Scenario:
    """Populations that share tokens carry credential, number and subjects of their owner."""
    owners = {item.name: item.tokens for item in scenario.clients}
    owners |= {item.name: item.tokens for item in scenario.scrapers}

    def shared(tokens: Tokens) -> Tokens:
        owner = owners.get(tokens.shared_with)
        if owner is None:
            return tokens
        return replace(tokens, credential=owner.credential, count=owner.count, subject=owner.subject)

    def sharing(client: Clients) -> Clients:
        tokens = shared(client.tokens)
        reviewed = None if client.reviewed is None else shared(client.reviewed)
        user, groups = (
            identity(client.name, tokens) if tokens != client.tokens else (client.user, client.groups)
        )
        return replace(client, tokens=tokens, reviewed=reviewed, user=user, groups=groups)

    return replace(
        scenario,
        clients=tuple(sharing(item) for item in scenario.clients),
        scrapers=tuple(replace(item, tokens=shared(item.tokens)) for item in scenario.scrapers),
    )


def _levels(table: Table, plane: ControlPlane, place: str) -> tuple[PriorityLevel, ...]:
    """The levels as shipped, with entries of the table laid over those of the same name, new ones behind."""
    found = {level.name: level for level in levels(plane)}
    raws = named(table.get("levels", []), f"{place}: levels")
    if raws and not found:
        rule = "the in-flight gate has no priority levels"
        units.refuse(f"{place}: levels", "", rule, "Set control_plane.priority_and_fairness = true.")
    for raw in raws:
        base = found.get(raw["name"], PriorityLevel(name=raw["name"], shares=10))
        rest = {key: value for key, value in raw.items() if key != "name"}
        found[raw["name"]] = fill(base, rest, f"{place}: levels.{word(raw['name'])}")
    return tuple(found.values())


def scalar(raw: str) -> Value:
    """Text of a command line as a parameter of a published model: truth value, whole number, number or text.

    >>> scalar("3"), scalar("0.5"), scalar("true"), scalar("erlang")
    (3, 0.5, True, 'erlang')
    """
    if raw in ("true", "false"):
        return raw == "true"
    for kind in (int, float):
        try:
            return kind(raw)
        except ValueError:
            continue
    return raw
