"""JSON schema of the report, made from the records that it prints: a change of the contract shows in the diff."""

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from snowpit.cluster.control_plane import Sourced
from snowpit.model.evidence import FileCoverage
from snowpit.model.finding import Fetch, Finding, Layer, Link, Rival
from snowpit.model.observation import Observed
from snowpit.model.window import Window
from snowpit.report.as_json import INSTANTS, SCHEMA

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"}
PLAIN: dict[type, dict[str, Any]] = {
    str: TEXT,
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
}


def schema() -> dict[str, Any]:
    """The schema of ``snowpit diagnose -o json``."""
    definitions: dict[str, Any] = {}
    file = of(FileCoverage, definitions)
    top = {
        "schema": {"const": SCHEMA},
        "snowpit": TEXT,
        "answer": TEXT,
        "exit": record({"code": {"enum": [0, 1, 2]}, "meaning": TEXT}),
        "judged": {"type": "boolean"},
        "window": of(Window, definitions),
        "remarks": listed(TEXT),
        "control_plane": {"type": "object", "additionalProperties": of(Sourced, definitions)},
        "coverage": record({"events": COUNT, "kept": COUNT, "rejected": COUNT, "files": listed(file)}),
        "chain": listed(of(Link, definitions)),
        "layers": listed(of(Layer, definitions)),
        "rivals": listed(of(Rival, definitions)),
        "findings": listed(of(Finding, definitions)),
        "seen_before": listed(seen_before()),
        "next_evidence": listed(of(Fetch, definitions)),
        "observations": of(Observed, definitions),
    }
    _adapt(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Report of snowpit diagnose",
        **record(top),
        "$defs": dict(sorted(definitions.items())),
    }


def seen_before() -> dict[str, Any]:
    """A published incident that resembles the findings."""
    year = {"anyOf": [COUNT, PLAIN[NoneType]]}
    return record(
        {
            **dict.fromkeys(("id", "title", "where", "cause", "client"), TEXT),
            "year": year,
            "other_release": PLAIN[bool],
            **dict.fromkeys(("shared", "fix", "sources"), listed(TEXT)),
        }
    )


def record(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object with these members; later releases may add others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
    }


def listed(item: Mapping[str, Any]) -> dict[str, Any]:
    """A list of such items."""
    return {"type": "array", "items": dict(item)}


def of(kind: Any, definitions: dict[str, Any], name: str = "") -> dict[str, Any]:  # noqa: ANN401 - types are values here
    """The schema of a type as ``report.as_json.plain`` prints it."""
    if kind is int and name in INSTANTS:
        return INSTANT
    if kind in PLAIN:
        return PLAIN[kind]
    if kind is Window:
        return record({"start": INSTANT, "end": INSTANT, "seconds": PLAIN[float]})
    if inspect.isclass(kind) and issubclass(kind, StrEnum):
        return {"enum": [str(item) for item in kind]}
    return (
        _reference(kind, definitions)
        if inspect.isclass(kind) and not get_args(kind)
        else _generic(kind, definitions, name)
    )


def _reference(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """A reference to the definition of a dataclass or named tuple."""
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}
        hints = get_type_hints(kind)
        names = [item.name for item in fields(kind)] if is_dataclass(kind) else list(kind._fields)  # type: ignore[attr-defined]
        definitions[kind.__name__] = record({name: of(hints[name], definitions, name) for name in names})
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _generic(kind: Any, definitions: dict[str, Any], name: str) -> dict[str, Any]:  # noqa: ANN401
    """Unions, tuples, lists and mappings."""
    inner, outer = get_args(kind), get_origin(kind)
    if outer is UnionType or NoneType in inner:
        return {"anyOf": [of(item, definitions, name) for item in inner]}
    if outer in (tuple, list):
        if outer is list or inner[-1] is Ellipsis:
            return listed(of(inner[0], definitions))
        return {"type": "array", "prefixItems": [of(item, definitions) for item in inner], "items": False}
    return {"type": "object", "additionalProperties": of(inner[1], definitions)}


def _adapt(definitions: dict[str, Any]) -> None:
    """Where the report says things otherwise than the records do."""
    file = definitions["FileCoverage"]["properties"]
    file["rejected_by_reason"], file["rejected"] = file["rejected"], COUNT
    definitions["FileCoverage"]["required"].append("rejected_by_reason")
    observed = definitions["Observed"]
    observed["properties"].pop("window")
    observed["required"].remove("window")
