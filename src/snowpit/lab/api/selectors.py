"""Label and field selectors of lists and watches.

Sources: apimachinery pkg/labels/selector.go (grammar: ``=``, ``==``, ``!=``, ``in``, ``notin``, ``key``, ``!key``) and
pkg/fields/selector.go (``=``, ``==``, ``!=``); which fields a resource can be selected by: pkg/apis/core/v1/conversion.go.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
Keep: TypeAlias = Callable[[Object], bool]
Test: TypeAlias = Callable[[Mapping[str, str]], bool]

_KEY = r"[A-Za-z0-9][A-Za-z0-9_./-]*"
_VALUE = r"[A-Za-z0-9_.-]*"
_REQUIREMENT = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<gone>{_KEY})"
    rf"|(?P<key>{_KEY})\s*(?:(?P<operator>==|=|!=)\s*(?P<value>{_VALUE})"
    rf"|\s(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,|$)"
)
_MAXIMUM = 10_000
FIELDS: Mapping[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
    ),
    "nodes": ("spec.unschedulable",),
    "secrets": ("type",),
    "events": (
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "reason",
        "type",
        "source",
    ),
    "namespaces": ("status.phase",),
}
"""Fields that a resource can be selected by besides ``metadata.name`` and ``metadata.namespace``."""


class SelectorError(Exception):
    """A selector that cannot be read; the text is what the API server says."""


def exact_name(selector: str) -> str:
    """The name that a field selector asks for, if it names exactly one; else empty.

    >>> exact_name("metadata.name=n1,spec.nodeName=x"), exact_name("metadata.name!=n1")
    ('n1', '')
    """
    for part in selector.split(","):
        field, equals, value = part.partition("=")
        if equals and field.strip() == "metadata.name":
            return value.removeprefix("=").strip() if "/" not in value else ""
    return ""


def keep_by(labels: str, fields: str, resource: str) -> Keep | None:
    """Whether an object fits both selectors; null where all do.

    Raises:
        SelectorError: If one cannot be read, or names a field that the resource is not selected by.
    """
    tests = [test for test in (_labels(labels), _fields(fields, resource)) if test is not None]
    if not tests:
        return None
    return lambda item: all(test(item) for test in tests)


def _labels(selector: str) -> Keep | None:
    if not selector.strip():
        return None
    tests: list[Test] = []
    at = 0
    while at < len(selector):
        found = _REQUIREMENT.match(selector, at) if len(selector) < _MAXIMUM else None
        if found is None or found.end() == at:
            raise SelectorError(f"unable to parse requirement: found {selector[at : at + 30]!r}")
        tests.append(_requirement(found))
        at = found.end()

    def fits(item: Object) -> bool:
        labels = item["metadata"].get("labels") or {}
        return all(test(labels) for test in tests)

    return fits


def _requirement(found: re.Match[str]) -> Test:
    key, gone, operator, value = found["key"], found["gone"], found["operator"], found["value"]
    if found["absent"]:
        return lambda labels: gone not in labels
    if found["set"]:
        values = {part.strip() for part in found["values"].split(",")}
        wanted = found["set"] == "in"
        return lambda labels: ((labels[key] in values) == wanted) if key in labels else not wanted
    if operator is None:
        return lambda labels: key in labels
    if operator == "!=":
        return lambda labels: labels.get(key) != value
    return lambda labels: labels.get(key) == value


def _fields(selector: str, resource: str) -> Keep | None:
    tests: list[tuple[tuple[str, ...], str, bool]] = []
    known = ("metadata.name", "metadata.namespace", *FIELDS.get(resource, ()))
    for part in filter(None, selector.split(",")):
        field, equals, value = part.partition("=")
        wanted = not field.endswith("!")
        field = field.rstrip("!").strip()
        if not equals:
            raise SelectorError(f"invalid selector: {selector[:100]!r}; can't understand {part[:100]!r}")
        if field not in known:
            raise SelectorError(f"field label not supported: {field[:100]}")
        tests.append((tuple(field.split(".")), value.removeprefix("=").strip(), wanted))
    if not tests:
        return None
    return lambda item: all((_text(item, path) == value) == wanted for path, value, wanted in tests)


def _text(item: object, path: tuple[str, ...]) -> str:
    for name in path:
        item = item.get(name) if isinstance(item, dict) else None
    if isinstance(item, bool):
        return "true" if item else "false"
    if item is None:
        return "false" if path[-1] == "unschedulable" else ""
    return str(item)
