"""Events of a scenario file: what each action takes, with units and defaults."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from snowpit.cluster import units
from snowpit.cluster.change import apply, version_of
from snowpit.cluster.fields import word
from snowpit.cluster.scenario import ACTIONS, Event, Scenario
from snowpit.knowledge.facts import Value


class Setting(NamedTuple):
    """One setting of an action.

    Args:
        name: Name in ``Event.settings``; the key in a file is without ``_s``.
        kind: ``duration``, ``count``, ``share``, ``factor``, ``server``, ``who``, ``clients``, ``version``,
            ``key`` or ``value``.
        default: Value when left out; null: left out; ``REQUIRED``: it has to be given.
    """

    name: str
    kind: str
    default: Value | None = None


REQUIRED = "required"
_SERVER = Setting("server", "server")
_SPREAD = Setting("spread_s", "duration", 1.0)
_DOWN = Setting("down_s", "duration", 5.0)
SETTINGS: Mapping[str, tuple[Setting, ...]] = {
    "burst": (
        Setting("clients", "clients", REQUIRED),
        Setting("requests", "count", REQUIRED),
        _SPREAD,
        _SERVER,
    ),
    "backlog": (Setting("lookups", "count", REQUIRED), _SERVER),
    "restart": (_SERVER, _DOWN, _SPREAD),
    "lose": (Setting("server", "server", REQUIRED), _SPREAD),
    "return": (Setting("server", "server", REQUIRED), _SPREAD),
    "slow_etcd": (Setting("factor", "factor", REQUIRED), Setting("for_s", "duration", REQUIRED)),
    "set": (Setting("key", "key", REQUIRED), Setting("value", "value", REQUIRED)),
    "upgrade": (Setting("version", "version", REQUIRED), _DOWN, _SPREAD),
    "stop": (Setting("clients", "who", REQUIRED),),
    "start": (Setting("clients", "who", REQUIRED),),
    "shed": (Setting("clients", "clients", REQUIRED), Setting("share", "share", REQUIRED)),
}
"""Settings by action."""

TRIGGERS = ("burst", "backlog", "lose", "slow_etcd")
"""Actions that count as triggers unless the file says otherwise."""

COMMON = ("at", "action", "title", "trigger")


def events(raw: object, scenario: Scenario, place: str) -> tuple[Event, ...]:
    """Events of a file in order of time; each change of a parameter is tried on the scenario as it stands by then.

    Raises:
        ScenarioError: If an event does not hold.
    """
    if not isinstance(raw, list):
        units.refuse(f"{place}: events", raw, "it has to be a list of tables")
    found = [(_event(item, scenario, f"{place}: events[{i}]"), i) for i, item in enumerate(raw)]
    found.sort(key=lambda pair: pair[0].at_s)
    for item, i in found:
        where = f"{place}: events[{i}]"
        if item.action == "set":
            scenario = apply(scenario, str(item.settings["key"]), item.settings["value"], place=where)
        if item.action == "upgrade":
            scenario = apply(scenario, "version", item.settings["version"], place=where)
    return tuple(item for item, _ in found)


def _event(raw: object, scenario: Scenario, place: str) -> Event:
    if not isinstance(raw, Mapping):
        units.refuse(place, raw, "it has to be a table")
    for key in ("at", "action"):
        if key not in raw:
            units.refuse(place, raw, f"{key} is missing", 'Write for instance at = "600s", action = "burst".')
    action = units.text(raw["action"], f"{place}.action", choices=ACTIONS)
    known = {setting.name.removesuffix("_s"): setting for setting in SETTINGS[action]}
    for key, value in raw.items():
        if key not in known and key not in COMMON:
            hint = units.closest(str(key), (*known, *COMMON))
            units.refuse(f"{place}.{word(str(key))}", value, f"{action} does not take this", hint)
    return Event(
        at_s=units.duration(raw["at"], f"{place}.at", never=False),
        action=action,
        title=units.text(raw.get("title", ""), f"{place}.title"),
        settings=_settings(raw, known, scenario, place=place),
        trigger=units.flag(raw.get("trigger", action in TRIGGERS), f"{place}.trigger"),
    )


def _settings(
    raw: Mapping[str, object], known: Mapping[str, Setting], scenario: Scenario, *, place: str
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, setting in known.items():
        if key in raw:
            found[setting.name] = _setting(raw[key], setting.kind, scenario, place=f"{place}.{key}")
        elif setting.default == REQUIRED:
            units.refuse(place, raw, f"{key} is missing")
        elif setting.default is not None:
            found[setting.name] = setting.default
    return found


def _setting(raw: object, kind: str, scenario: Scenario, *, place: str) -> Value:
    if kind in _READERS:
        return _READERS[kind](raw, place)
    if kind == "server":
        return units.count(raw, place, most=scenario.servers - 1)
    return _name(raw, scenario, kind, place=place)


def _factor(raw: object, place: str) -> float:
    value = units.number(raw, place)
    if value == 0.0:
        units.refuse(place, raw, "it has to be above 0")
    return value


def _scalar(raw: object, place: str) -> Value:
    if not isinstance(raw, (bool, int, float, str)):
        units.refuse(place, raw, "it has to be a single value")
    return raw


def _name(raw: object, scenario: Scenario, kind: str, *, place: str) -> str:
    """A population: a burst and shedding need clients of the API server, others take scrapers too."""
    names = [item.name for item in scenario.clients]
    if kind == "who":
        names += [item.name for item in scenario.scrapers]
    found = units.text(raw, place)
    if found not in names:
        units.refuse(place, raw, "no population has this name", units.closest(found, names))
    return found


def _duration(raw: object, place: str) -> float:
    return units.duration(raw, place, never=False)


def _version(raw: object, place: str) -> str:
    return str(version_of(raw, place))


_READERS: Mapping[str, Callable[[object, str], Value]] = {
    "duration": _duration,
    "count": units.count,
    "share": units.share,
    "factor": _factor,
    "version": _version,
    "key": units.text,
    "value": _scalar,
}
