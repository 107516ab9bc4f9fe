"""A scenario as the text of a scenario file: what the version does not already say, with notes as comments.

The text read back (``scenario_file.parse``) gives the same scenario, but that each parameter names the file as its source.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import chain
from typing import Any

from snowpit.cluster import toml_values
from snowpit.cluster.assemble import identity
from snowpit.cluster.by_version import HEARTBEATS, heartbeats_of, kubelets_of
from snowpit.cluster.change import PARAMETERS
from snowpit.cluster.control_plane import NO_LIMIT, Sourced, simulated
from snowpit.cluster.fields import OPERATION, keys
from snowpit.cluster.flow_schemas import levels
from snowpit.cluster.scenario import CONTROL_PLANE, Event, PriorityLevel, Scenario, Switches
from snowpit.cluster.workload import Clients, Delay, Operation, Scraper
from snowpit.errors import ScenarioError
from snowpit.knowledge.version import Version

Line = tuple[str, str]
"""A key of the scenario file and its value in TOML."""


def dumps(scenario: Scenario, notes: Mapping[str, str] | None = None) -> str:
    """The text of a scenario file.

    Args:
        scenario: The scenario.
        notes: Comments by key path, as ``change.apply`` takes it (``clients.apps.count``, ``loopback_qps``); the one of
            a value inside a nested table stands behind the key that holds the table.

    Raises:
        ScenarioError: If the scenario has a control plane of no known version.
    """
    head = [("name", toml_values.text(scenario.name)), ("title", toml_values.text(scenario.title))]
    head += [("summary", toml_values.text(scenario.summary))] if scenario.summary else []
    if scenario.model != CONTROL_PLANE:
        return _joined(_published(scenario, head), notes or {})
    version = scenario.plane.version
    if version is None:
        raise ScenarioError(
            "A scenario of an unknown version cannot be written.", "Give the server's version."
        )
    head += [("servers", str(scenario.servers)), *_spans(scenario)]
    blocks: Iterable[tuple[str, str, list[Line]]] = chain(
        [("", "", head)],
        [("[control_plane]", "", _plane(scenario, version))],
        [("[kubelets]", "kubelets.", _lines(kubelets_of(version), scenario.kubelets, first=("count",)))],
        _heartbeats(scenario, version),
        (("[[scrapers]]", f"scrapers.{one.name}.", _scraper(one)) for one in scenario.scrapers),
        (
            ("[[clients]]", f"clients.{one.name}.", _client(one))
            for one in scenario.clients
            if one.name != HEARTBEATS
        ),
        _levels(scenario),
        [("[switches]", "switches.", _lines(Switches(), scenario.switches))],
        (("[[events]]", "events.", _event(one)) for one in scenario.events),
    )
    return _joined(blocks, notes or {})


def _joined(blocks: Iterable[tuple[str, str, list[Line]]], notes: Mapping[str, str]) -> str:
    """Blocks of a file with their notes; a block without values is left out."""
    parts = []
    for title, path, lines in blocks:
        if lines:
            told = [f"{key} = {value}{_note(notes, path + key)}" for key, value in lines]
            parts.append("\n".join([title, *told] if title else told))
    return "\n\n".join(parts) + "\n"


def _note(notes: Mapping[str, str], path: str) -> str:
    found = [text for key, text in notes.items() if key == path or key.startswith(f"{path}.")]
    words = " ".join("; ".join(found).split())
    plain = "".join(sign for sign in words if sign.isprintable())
    return f"  # {plain}" if plain else ""


def _published(scenario: Scenario, head: list[Line]) -> list[tuple[str, str, list[Line]]]:
    values = [(key, toml_values.scalar(value)) for key, value in scenario.parameters.items()]
    return [
        ("", "", [*head, ("model", toml_values.text(scenario.model)), *_spans(scenario)]),
        ("[parameters]", "parameters.", values),
    ]


def _spans(scenario: Scenario) -> list[Line]:
    return [
        ("horizon", toml_values.duration(scenario.horizon_s)),
        ("bin", toml_values.duration(scenario.bin_s)),
    ]


def _plane(scenario: Scenario, version: Version) -> list[Line]:
    """The version, and the parameters that differ from what it has by itself."""
    base, lines = simulated(version).values, [("version", toml_values.text(str(version)))]
    changed = {
        name: value
        for name, value in scenario.plane.values.items()
        if name in PARAMETERS and (name not in base or base[name].value != value.value)
    }
    if "request_timeout_s" in changed and "queue_wait_limit_s" in scenario.plane.values:
        changed["queue_wait_limit_s"] = scenario.plane.values["queue_wait_limit_s"]
    return [*lines, *((name, _parameter(value)) for name, value in sorted(changed.items()))]


def _parameter(value: Sourced) -> str:
    if value.unit == "s" and not isinstance(value.value, str):
        return "-1" if value.value == -1 else toml_values.duration(float(value.value))
    if value.unit == "requests" and value.value == -1:
        return str(NO_LIMIT)
    return toml_values.scalar(value.value)


def _heartbeats(scenario: Scenario, version: Version) -> Iterator[tuple[str, str, list[Line]]]:
    """Heartbeats where they differ from those of the version, or are left out."""
    base = heartbeats_of(version, scenario.kubelets.count)
    found = next((one for one in scenario.clients if one.name == HEARTBEATS), None)
    if found is not None:
        yield "[heartbeats]", f"clients.{HEARTBEATS}.", _lines(base, found)
    elif base.count:
        yield "[heartbeats]", "", [("enabled", "false")]


def _scraper(one: Scraper) -> list[Line]:
    """All of a scraper, as its defaults depend on the number of kubelets."""
    return [("name", toml_values.text(one.name)), *_all(one, leave=("name",))]


def _client(one: Clients) -> list[Line]:
    """What differs from a population of that name with that credential."""
    base = Clients(name=one.name)
    lines = [("name", toml_values.text(one.name)), ("count", str(one.count))]
    lines += [line for line in _lines(base, one) if line[0] not in ("count", "user", "groups")]
    user, groups = identity(one.name, one.tokens)
    lines += [("user", toml_values.text(one.user))] if one.user != user else []
    return lines + ([("groups", toml_values.text(one.groups))] if one.groups != groups else [])


def _levels(scenario: Scenario) -> Iterator[tuple[str, str, list[Line]]]:
    """Priority levels that differ from those of the version."""
    shipped = {level.name: level for level in levels(scenario.plane)}
    for level in scenario.levels:
        base = shipped.get(level.name, PriorityLevel(name=level.name, shares=10))
        changed = _lines(base, level)
        if changed or level.name not in shipped:
            yield "[[levels]]", f"levels.{level.name}.", [("name", toml_values.text(level.name)), *changed]


def _event(event: Event) -> list[Line]:
    lines = [("at", toml_values.duration(event.at_s)), ("action", toml_values.text(event.action))]
    lines += [("title", toml_values.text(event.title))] if event.title else []
    for name, value in event.settings.items():
        if name.endswith("_s") and not isinstance(value, str):
            lines.append((name.removesuffix("_s"), toml_values.duration(float(value))))
        else:
            lines.append((name, toml_values.scalar(value)))
    return [*lines, ("trigger", toml_values.scalar(event.trigger))]


def _lines(base: object, changed: object, *, first: tuple[str, ...] = ()) -> list[Line]:
    """Fields in which a dataclass differs from another of its kind, and those that are always told."""
    before, after = dict(_all(base)), dict(_all(changed))
    shorter = dict(_all(changed, base=base))
    return [(key, shorter[key]) for key in after if key in first or before.get(key) != after[key]]


def _all(item: object, *, base: object = None, leave: tuple[str, ...] = ()) -> list[Line]:
    """Every field of a dataclass under its key; parts of an operation that have keys of their own stand by themselves.

    Args:
        item: The dataclass.
        base: What it is laid over: nested tables tell only what differs; null to tell all.
        leave: Fields to leave out.
    """
    kind: Any = type(item)
    names = {field: key for key, field in keys(kind).items() if key in (field, _short(field))}
    found: list[Line] = []
    for field in fields(kind):
        value = getattr(item, field.name)
        if field.name in leave or value is None:
            continue
        found.append((names[field.name], _value(field.name, value, getattr(base, field.name, None))))
        if isinstance(value, Operation) and _operation(value).startswith('"'):
            found += [line for line in _all(value) if line[0] in ("service", "objects", "etcd")]
    return found


def _short(field: str) -> str:
    return field.removesuffix("_s").removesuffix("_per")


def _value(name: str, value: object, base: object = None) -> str:
    if isinstance(value, Delay):
        return toml_values.delay(value)
    if isinstance(value, Operation):
        return _operation(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_values.text(str(word)) for word in value) + "]"
    if is_dataclass(value):
        inner = _all(value) if base is None else _lines(base, value)
        return "{ " + ", ".join(f"{key} = {text}" for key, text in inner) + " }"
    if isinstance(value, float) and name.endswith("_s") and name != "rate_per_s":
        return toml_values.duration(value)
    return toml_values.scalar(value)


def _operation(operation: Operation) -> str:
    """``"update leases.coordination.k8s.io in kube-system"``; a table where the words do not fit."""
    group = f".{operation.group}" if operation.group else ""
    part = f"/{operation.subresource}" if operation.subresource else ""
    where = f" in {operation.namespace}" if operation.namespace else ""
    short = f"{operation.verb} {operation.resource}{group}{part}{where}"
    if OPERATION.fullmatch(short):
        return toml_values.text(short)
    return "{ " + ", ".join(f"{key} = {text}" for key, text in _all(operation)) + " }"
