"""Scenarios from TOML files: presets, files that extend them, overrides of a command line.

A file has ``name``, ``title``, ``summary``, ``extends``, ``servers``, ``horizon``, ``bin`` and the tables
``[control_plane]`` (``version`` and parameters), ``[kubelets]``, ``[heartbeats]``, ``[[clients]]``,
``[[scrapers]]``, ``[[levels]]``, ``[[events]]``, ``[switches]``; a published model has ``model`` and
``[parameters]`` instead. Values carry units (``units``), keys are fields without theirs (``fields``).

A file that ``extends`` another is laid over it: tables merge, entries of lists merge by name, events
are added, or replaced with ``events_replace = true``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from snowpit.cluster import tables, units
from snowpit.cluster.assemble import assemble, published, scalar
from snowpit.cluster.change import GROUPS, apply
from snowpit.cluster.checks import check
from snowpit.cluster.scenario import CONTROL_PLANE, Scenario
from snowpit.errors import ScenarioError

_ON_TOP = ("servers", "horizon", "bin")


class Override(NamedTuple):
    """One ``key=value`` of a command line.

    Args:
        keys: Key path.
        raw: Value as written.
    """

    keys: tuple[str, ...]
    raw: str


def load(name: str | Path, *, overrides: Sequence[str] = ()) -> Scenario:
    """A scenario from a preset or a file.

    Args:
        name: Name of a preset, or path of a file.
        overrides: ``key=value`` each; keys as ``change.apply`` takes them, and those of a file on which defaults
            depend (``version``, ``kubelets.version``, ``scrapers.<name>.version``, ``heartbeats.enabled``).

    Raises:
        ScenarioError: If it cannot be read or breaks a rule.
    """
    data, folder = tables.source(str(name))
    place = units.shown(str(name))[1:-1]
    return parse(
        data, place=place, stem=Path(str(name)).name.removesuffix(".toml"), overrides=overrides, beside=folder
    )


def parse(
    data: bytes, *, place: str, stem: str = "", overrides: Sequence[str] = (), beside: Path | None = None
) -> Scenario:
    """A scenario from the bytes of a file.

    Args:
        data: TOML.
        place: Name of the file, for messages.
        stem: Name of the scenario unless the file gives one.
        overrides: As in ``load``.
        beside: Folder that paths in ``extends`` start from.

    Raises:
        ScenarioError: If it breaks a rule.
    """
    wanted = [_override(text) for text in overrides]
    table = tables.extended(tables.parsed(data, place), place, beside=beside, seen=(stem,))
    table.setdefault("name", stem or place)
    for item in wanted:
        table = _in_table(table, item)
    if table.get("model", CONTROL_PLANE) != CONTROL_PLANE:
        return _published(table, wanted, place)
    by_flag = any(item.keys == ("control_plane", "version") for item in wanted)
    scenario = assemble(table, place, version_source="flag" if by_flag else "scenario")
    for item in wanted:
        if _of_plane(item):
            scenario = apply(scenario, ".".join(item.keys), item.raw, source="flag", place="--set")
    return check(scenario, place)


def presets() -> tuple[tuple[str, str], ...]:
    """Names and titles of the presets, sorted by name."""
    raws = ((name, tables.parsed(tables.source(name)[0], name)) for name in tables.preset_names())
    return tuple((name, str(raw.get("title", ""))) for name, raw in raws)


def source_text(name: str) -> str:
    """The TOML text of a preset.

    Raises:
        ScenarioError: If there is no such preset.
    """
    known = tables.preset_names()
    if name not in known:
        raise ScenarioError(f"{units.shown(name)} is no preset.", units.closest(name, known))
    return tables.source(name)[0].decode("utf-8")


def _override(text: str) -> Override:
    key, sign, raw = text.partition("=")
    keys = tuple(part.strip() for part in key.split("."))
    if not sign or not all(keys):
        message = f"--set {units.shown(text)}: it has to be key=value."
        raise ScenarioError(message, "For instance --set clients.apps.count=2000.")
    return Override(("control_plane", "version") if keys == ("version",) else keys, raw.strip())


def _of_plane(item: Override) -> bool:
    """Whether it is a parameter of the API servers, set once the scenario stands; others change the raw table."""
    if len(item.keys) == 1:
        return item.keys[0] not in _ON_TOP
    return item.keys[0] not in (*GROUPS, "heartbeats") or (
        item.keys[0] == "control_plane" and item.keys[1] != "version"
    )


def _in_table(table: tables.Table, item: Override) -> tables.Table:
    if _of_plane(item):
        return table
    if len(item.keys) == 1:
        return {**table, item.keys[0]: item.raw}
    if item.keys[0] == "parameters":
        inner = table.get("parameters", {})
        return {**table, "parameters": {**inner, ".".join(item.keys[1:]): scalar(item.raw)}}
    return tables.overridden(table, item.keys, item.raw, "--set")


def _published(table: tables.Table, wanted: Sequence[Override], place: str) -> Scenario:
    for item in wanted:
        if _of_plane(item):
            units.refuse(
                f"--set: {'.'.join(item.keys)[:60]}", item.raw, "a published model has no such parameter"
            )
    return published(table, place)
