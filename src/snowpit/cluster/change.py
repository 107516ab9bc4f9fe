"""One parameter of a scenario changed: what ``--set`` and the event ``set`` do.

Keys: any of ``PARAMETERS``; ``version``; ``servers``, ``horizon``, ``bin``; ``kubelets.<field>``;
``clients.<name>.<field>``, ``scrapers.<name>.<field>``, ``levels.<name>.<field>``;
``switches.<field>``; ``parameters.<name>``. Fields as in a scenario file, nested ones with dots.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from snowpit.cluster import units
from snowpit.cluster.by_version import HEARTBEATS
from snowpit.cluster.control_plane import ControlPlane, Sourced, upgraded, with_values
from snowpit.cluster.fields import put, word
from snowpit.cluster.flow_schemas import levels
from snowpit.cluster.scenario import Scenario
from snowpit.errors import FactError, ScenarioError
from snowpit.knowledge.facts import Value
from snowpit.knowledge.version import Version

PARAMETERS = (
    "audit_clock_includes_authentication",
    "basic_auth_file",
    "borrowing",
    "disconnect_frees_seat",
    "handler_timeout_s",
    "informer_first",
    "informer_sync_s",
    "lookup_limit_s",
    "lookups_bound_live",
    "lookups_legacy_live",
    "loopback_burst",
    "loopback_qps",
    "loopback_read_s",
    "loopback_read_sigma",
    "loopback_wait_in_deadline",
    "max_mutating_requests_inflight",
    "max_requests_inflight",
    "priority_and_fairness",
    "queue_wait_limit_s",
    "request_timeout_s",
    "retry_after_adaptive",
    "retry_after_s",
    "seats_per_list",
    "service_account_lookup",
    "token_cache_coalesces",
    "token_cache_entries",
    "token_cache_failure_ttl_s",
    "token_cache_stripes",
    "token_cache_success_ttl_s",
    "webhook_authentication_s",
)
"""Parameters of the API servers that a simulation heeds."""

GROUPS = ("kubelets", "clients", "scrapers", "levels", "switches", "parameters", "control_plane")
WHOLE = ("servers", "horizon", "bin", "version")
SERVERS_AT_MOST = 1000
BINS_AT_MOST = 1_000_000
_LEAST = {"loopback_burst": 1, "token_cache_stripes": 1, "token_cache_entries": -1}


def apply(
    scenario: Scenario, key: str, value: Value, *, source: str = "scenario", place: str = ""
) -> Scenario:
    """The scenario with one parameter changed; the given one stays as it is.

    Args:
        scenario: The scenario before.
        key: Key path, see above.
        value: New value, with its unit as in a scenario file.
        source: Where it comes from: ``scenario`` or ``flag``.
        place: File, for messages; empty names the scenario.

    Raises:
        ScenarioError: If the key is unknown or the value breaks its rule.
    """
    here = place or scenario.name
    head, _, rest = key.partition(".")
    if head == "control_plane" and rest:
        head, rest = rest, ""
    if head in GROUPS and rest:
        return _in_group(scenario, head, rest, value=value, place=f"{here}: {head}")
    if rest or (head not in WHOLE and parameter(head) not in PARAMETERS):
        known = (*PARAMETERS, *WHOLE, *(f"{group}." for group in GROUPS))
        units.refuse(f"{here}: {word(key)}", value, "this key is not known", units.closest(head, known))
    if head in WHOLE:
        return _whole(scenario, head, value, source=source, place=f"{here}: {head}")
    return _with_plane(scenario, set_parameter(scenario.plane, head, value, source=source, place=here))


def parameter(key: str) -> str:
    """The name of a parameter; the spelling of its flag (``service-account-lookup``) does too."""
    return key.replace("-", "_")


def set_parameter(plane: ControlPlane, key: str, raw: object, *, source: str, place: str) -> ControlPlane:
    """The control plane with one parameter read from ``raw``."""
    name, where = parameter(key), f"{place}: {word(key)}"
    if name not in PARAMETERS:
        units.refuse(where, raw, "this parameter is not known", units.closest(name, PARAMETERS))
    before = plane.values[name]
    reference = f"--set {name}" if source == "flag" else f"{place}: control_plane.{name}"
    value = _value(name, before, raw, where)
    return with_values(plane, {name: Sourced(value, before.unit, source, reference)})


def _value(name: str, before: Sourced, raw: object, place: str) -> Value:
    if isinstance(before.value, bool):
        return units.flag(raw, place)
    if before.unit == "s":
        unlimited = raw in (-1, "-1", "never") and not isinstance(raw, bool)
        return -1 if unlimited else units.duration(raw, place, never=False)
    if before.unit == "requests/s":
        return units.rate(raw, place, unlimited=True)
    if not before.unit:
        return units.number(raw, place)
    return units.count(raw, place, least=_LEAST.get(name, 0))


def version_of(raw: object, place: str) -> Version:
    """A Kubernetes version from quoted text."""
    hint = 'Write it in quotes, for instance version = "1.12.4".'
    if not isinstance(raw, str):
        units.refuse(place, raw, "it has to be a version in quotes", hint)
    try:
        found = Version.parse(raw)
    except FactError as error:
        raise ScenarioError(f"{place}: {error.message}", hint) from None
    if not found.at_least("1.8.0"):
        units.refuse(place, raw, "versions before 1.8 are not known here")
    return found


def _whole(scenario: Scenario, head: str, value: object, *, source: str, place: str) -> Scenario:
    if head == "servers":
        return replace(scenario, servers=units.count(value, place, least=1, most=SERVERS_AT_MOST))
    if head == "version":
        return _with_plane(scenario, upgraded(scenario.plane, version_of(value, place), source=source))
    horizon, width = (value, scenario.bin_s) if head == "horizon" else (scenario.horizon_s, value)
    return with_spans(scenario, horizon, width, place=place.partition(":")[0])


def with_spans(scenario: Scenario, horizon: object, width: object, *, place: str) -> Scenario:
    """The scenario with the length of the run and of its bins; both above 0, at least one bin."""
    spans = {"horizon": horizon, "bin": width}
    lengths = {key: units.duration(raw, f"{place}: {key}", never=False) for key, raw in spans.items()}
    for key, length in lengths.items():
        if length <= 0.0:
            units.refuse(f"{place}: {key}", spans[key], "it has to be longer than 0 s")
    if not 1.0 <= lengths["horizon"] / lengths["bin"] <= BINS_AT_MOST:
        units.refuse(f"{place}: horizon", horizon, f"it has to be 1 to {BINS_AT_MOST:,} times bin")
    return replace(scenario, horizon_s=lengths["horizon"], bin_s=lengths["bin"])


def _with_plane(scenario: Scenario, plane: ControlPlane) -> Scenario:
    """Priority levels as shipped follow the control plane; those of the scenario's own stay."""
    shipped = scenario.levels == levels(scenario.plane) or not scenario.levels
    stay = not shipped and bool(plane.flag("priority_and_fairness"))
    return replace(scenario, plane=plane, levels=scenario.levels if stay else levels(plane))


def _in_group(scenario: Scenario, group: str, rest: str, *, value: Value, place: str) -> Scenario:
    if group == "parameters":
        return replace(scenario, parameters={**scenario.parameters, rest: value})
    if group == "switches":
        return replace(scenario, switches=put(scenario.switches, rest, value, place))
    if group == "kubelets":
        return _with_kubelets(scenario, rest, value, place)
    name, _, key = rest.partition(".")
    entries: Sequence[Any] = getattr(scenario, group)
    names = [item.name for item in entries]
    if name not in names or not key or key == "name":
        hint = units.closest(name, names) if name not in names else "Write for instance clients.apps.count."
        units.refuse(f"{place}.{word(rest)}", value, "this key is not known", hint)
    changed = tuple(
        put(item, key, value, f"{place}.{word(name)}") if item.name == name else item for item in entries
    )
    parts: dict[str, Any] = {group: changed}
    return replace(scenario, **parts)


def _with_kubelets(scenario: Scenario, rest: str, value: Value, place: str) -> Scenario:
    """Heartbeats are as many as kubelets."""
    before, after = scenario.kubelets, put(scenario.kubelets, rest, value, place)
    clients = tuple(
        replace(item, count=after.count) if item.name == HEARTBEATS and item.count == before.count else item
        for item in scenario.clients
    )
    return replace(scenario, kubelets=after, clients=clients)
