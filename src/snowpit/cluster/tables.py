"""Raw tables of scenario files: read, built upon each other, changed by overrides. No value is interpreted here."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from snowpit.cluster import units
from snowpit.cluster.by_version import HEARTBEATS
from snowpit.cluster.fields import word
from snowpit.errors import ScenarioError

Table = dict[str, Any]

NAMED = ("clients", "scrapers", "levels")
"""Lists whose entries are told apart by name."""

BYTES_AT_MOST = 1_000_000
DEPTH_AT_MOST = 8
_SUFFIX = ".toml"


def preset_names() -> tuple[str, ...]:
    """Names of the presets, sorted."""
    folder = files("snowpit.cluster").joinpath("presets")
    return tuple(
        sorted(item.name.removesuffix(_SUFFIX) for item in folder.iterdir() if item.name.endswith(_SUFFIX))
    )


def source(name: str, *, beside: Path | None = None) -> tuple[bytes, Path | None]:
    """Bytes of a preset or file, and the folder of a file (null for a preset).

    Args:
        name: A preset's name, or a path.
        beside: Folder that a relative path starts from.

    Raises:
        ScenarioError: If there is neither, or it cannot be read.
    """
    if name in preset_names():
        return files("snowpit.cluster").joinpath("presets", name + _SUFFIX).read_bytes(), None
    try:
        path = (beside or Path()) / name
        with path.open("rb") as opened:
            return opened.read(BYTES_AT_MOST + 1), path.parent
    except (OSError, ValueError):
        hint = units.closest(name, preset_names()) if len(name) < 80 and "/" not in name else ""  # noqa: PLR2004
        message = f"{units.shown(name)} is neither a preset nor a file that can be read."
        raise ScenarioError(message, f"{hint} `snowpit scenarios` lists presets.".strip()) from None


def parsed(data: bytes, place: str) -> Table:
    """The table of a file's bytes."""
    if len(data) > BYTES_AT_MOST:
        raise ScenarioError(
            f"{place}: larger than {BYTES_AT_MOST:,} bytes.",
            "A scenario counts clients, it does not list them.",
        )
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{place}: not UTF-8 text at byte {error.start}.", "") from None
    except ValueError as error:
        raise ScenarioError(
            f"{place}: no TOML: {ascii(str(error))[1:-1][:120]}.", "See https://toml.io for its rules."
        ) from None
    except RecursionError:
        raise ScenarioError(f"{place}: tables lie too deep in each other.", "") from None


def extended(table: Table, place: str, *, beside: Path | None = None, seen: tuple[str, ...] = ()) -> Table:
    """The table laid over the one that it extends, and so on."""
    if "extends" not in table:
        return table
    name = units.text(table["extends"], f"{place}: extends")
    if name in seen or len(seen) >= DEPTH_AT_MOST:
        units.refuse(
            f"{place}: extends", name, f"scenarios extend each other in a ring or over {DEPTH_AT_MOST} times"
        )
    data, folder = source(name, beside=beside)
    below = extended(parsed(data, name), name, beside=folder, seen=(*seen, name))
    rest = {key: value for key, value in table.items() if key not in ("extends", "events_replace")}
    replaces = units.flag(table.get("events_replace", False), f"{place}: events_replace")
    if replaces:
        below = {**below, "events": []}
    return merged(below, rest, place)


def merged(below: Mapping[str, Any], above: Mapping[str, Any], place: str) -> Table:
    """One table over another: tables merge, lists of named entries merge by name, events add up, the rest is replaced."""
    found = dict(below)
    for key, value in above.items():
        before = found.get(key)
        if key in NAMED and isinstance(before, list):
            found[key] = _by_name(before, value, f"{place}: {key}")
        elif key == "events" and isinstance(before, list) and isinstance(value, list):
            found[key] = [*before, *value]
        elif isinstance(before, Mapping) and isinstance(value, Mapping):
            found[key] = merged(before, value, place)
        else:
            found[key] = value
    return found


def named(entries: object, place: str) -> list[Table]:
    """A list of tables each of which has a name."""
    if not isinstance(entries, list):
        units.refuse(place, entries, "it has to be a list of tables", "Write [[clients]] with two brackets.")
    for item in entries:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            units.refuse(place, item, "each entry has to be a table with a name")
    return entries


def _by_name(below: object, above: object, place: str) -> list[Table]:
    found = {item["name"]: item for item in named(below, place)}
    for item in named(above, place):
        before = found.get(item["name"])
        found[item["name"]] = item if before is None else merged(before, item, place)
    return list(found.values())


def overridden(table: Table, keys: Sequence[str], raw: str, place: str) -> Table:
    """The table with one value set at a key path of a group (``clients.apps.count``, ``kubelets.version``)."""
    value = _inline(raw, place)
    group, rest = keys[0], ".".join(keys[1:])
    if group not in NAMED:
        inner = table.get(group, {})
        return {**table, group: {**(inner if isinstance(inner, Mapping) else {}), rest: value}}
    entries = named(table.get(group, []), f"{place}: {group}")
    name, field = keys[1], ".".join(keys[2:])
    names = [item["name"] for item in entries]
    if name == HEARTBEATS and group == "clients" and name not in names:
        entries, names = [*entries, {"name": name}], [*names, name]
    if group == "levels" and name not in names:
        entries, names = [*entries, {"name": name}], [*names, name]
    if name not in names or not field or field == "name":
        hint = units.closest(name, names) if name not in names else "Write for instance clients.apps.count."
        units.refuse(f"{place}: {word('.'.join(keys))}", raw, "this key is not known", hint)
    changed = [{**item, field: value} if item["name"] == name else item for item in entries]
    return {**table, group: changed}


def _inline(raw: str, place: str) -> object:
    """Text as it is, or the table or list that it spells."""
    if raw[:1] not in "{[" or "\n" in raw:
        return raw
    return parsed(f"value = {raw}".encode(), place)["value"]
