"""The three patches: strategic merge, merge (RFC 7386), and JSON patch (RFC 6902, by the library jsonpatch).

Strategic merge: apimachinery pkg/util/strategicpatch/patch.go; merge keys from the struct tags of k8s.io/api core/v1.
Order directives (``$setElementOrder``) are read over; ``$patch``, ``$retainKeys`` and ``$deleteFromPrimitiveList`` hold.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import jsonpatch
import jsonpointer
import msgspec

from snowpit.lab.api.bodies import LARGEST, decoded, refuse, unsupported
from snowpit.lab.wire import Request

Object: TypeAlias = dict[str, Any]

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
_OPERATIONS_AT_MOST = 10_000
_DEEPEST = 100
_KEYS: Mapping[str, str] = {
    "conditions": "type",
    "addresses": "type",
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "ports": "port",
    "containerPorts": "containerPort",
    "imagePullSecrets": "name",
    "secrets": "name",
    "ownerReferences": "uid",
    "hostAliases": "ip",
}
"""Lists merged element by element, and the field that tells elements apart."""
_SETS = ("finalizers",)
"""Lists of plain values merged as sets."""


def patcher(request: Request, kind: str) -> Callable[[Object], Object]:
    """The change that a PATCH request asks for.

    Raises:
        RefusedError: If the body is of another media type or cannot be read; while it is applied, if it does not fit.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    if media not in (STRATEGIC, MERGE, JSON_PATCH):
        unsupported(JSON_PATCH, MERGE, STRATEGIC)
    if len(request.body) > LARGEST:
        refuse(f"the patch is longer than {LARGEST} bytes")
    patch = decoded(request.body, kind)
    if media == JSON_PATCH:
        return lambda item: json_patch(item, patch)
    if not isinstance(patch, dict):
        refuse(f"error decoding patch: json: cannot unmarshal into Go value of type {kind}")
    merge = merge_patch if media == MERGE else strategic_merge
    return lambda item: merge(item, patch)


def merge_patch(item: Object, patch: Mapping[str, Any], depth: int = 0) -> Object:
    """The object with a merge patch applied (RFC 7386)."""
    _bound(depth)
    item = dict(item)
    for name, value in patch.items():
        if value is None:
            item.pop(name, None)
        elif isinstance(value, dict):
            before = item.get(name)
            item[name] = merge_patch(before if isinstance(before, dict) else {}, value, depth + 1)
        else:
            item[name] = value
    return item


def json_patch(item: Object, patch: object) -> Object:
    """The object with a JSON patch applied.

    Raises:
        RefusedError: If an operation cannot be read or does not fit.
    """
    if not isinstance(patch, list) or len(patch) > _OPERATIONS_AT_MOST:
        refuse(f"error decoding patch: it has to be a list of at most {_OPERATIONS_AT_MOST} operations")
    try:
        found = jsonpatch.JsonPatch(patch).apply(item)
        msgspec.json.encode(found)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        refuse(f"the server rejected our request due to an error in our request: {str(error)[:200]}")
    except (TypeError, KeyError, ValueError, AttributeError, IndexError, RecursionError):
        refuse(
            "the server rejected our request due to an error in our request: the operations do not fit the object"
        )
    if not isinstance(found, dict):
        refuse("the server rejected our request due to an error in our request: the result is no object")
    return found


def strategic_merge(item: Object, patch: Mapping[str, Any], depth: int = 0) -> Object:
    """The object with a strategic merge patch applied."""
    _bound(depth)
    if patch.get("$patch") == "replace":
        return {name: value for name, value in patch.items() if name != "$patch"}
    if patch.get("$patch") == "delete":
        return {}
    retained = patch.get("$retainKeys")
    item = {name: value for name, value in item.items() if not isinstance(retained, list) or name in retained}
    for name, value in patch.items():
        if name.startswith("$deleteFromPrimitiveList/"):
            _take_out(item, name.partition("/")[2], value)
        elif name.startswith("$"):
            continue
        elif value is None:
            item.pop(name, None)
        else:
            item[name] = _merged(name, item.get(name), value, depth + 1)
    return item


def _merged(name: str, before: object, value: object, depth: int) -> object:
    if isinstance(value, dict):
        return strategic_merge(before if isinstance(before, dict) else {}, value, depth)
    if not isinstance(value, list):
        return value
    if name in _SETS and isinstance(before, list):
        return [*before, *(new for new in value if new not in before)]
    key = _KEYS.get(name)
    if key == "port" and any(isinstance(new, dict) and "containerPort" in new for new in value):
        key = "containerPort"
    if key is None or not all(isinstance(new, dict) and key in new for new in value):
        return [new for new in value if not (isinstance(new, dict) and "$patch" in new)]
    return _by_key(key, before if isinstance(before, list) else [], value, depth)


def _by_key(key: str, before: list[Any], changes: list[Object], depth: int) -> list[Any]:
    result = list(before)
    for new in changes:
        at = next(
            (i for i, old in enumerate(result) if isinstance(old, dict) and old.get(key) == new[key]), -1
        )
        if new.get("$patch") == "delete":
            if at >= 0:
                del result[at]
        elif at < 0:
            result.append(strategic_merge({}, new, depth))
        else:
            result[at] = strategic_merge(result[at], new, depth)
    return result


def _take_out(item: Object, name: str, values: object) -> None:
    if isinstance(item.get(name), list) and isinstance(values, list):
        item[name] = [value for value in item[name] if value not in values]


def _bound(depth: int) -> None:
    if depth > _DEEPEST:
        refuse(f"the patch is nested deeper than {_DEEPEST} levels")
