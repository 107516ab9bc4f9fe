"""Kinds as OpenAPI describes them, as far as the lab holds them to anything; what else they hold is free."""

from typing import Any

from snowpit.lab.api.resources import Resource

DEFINITIONS = "#/definitions/"
Document = dict[str, Any]


def schema_name(resource: Resource, version: str) -> str:
    """Name of a kind's definition."""
    group = resource.group.partition(".")[0] or "core"
    return f"io.k8s.api.{group}.{version}.{resource.kind}"


def reference(name: str) -> Document:
    """A reference to a definition."""
    return {"$ref": f"{DEFINITIONS}{name}"}


META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
COMMON: Document = {
    f"{META}ObjectMeta": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "generateName": {"type": "string"},
            "namespace": {"type": "string"},
            "uid": {"type": "string"},
            "resourceVersion": {"type": "string"},
            "labels": _TEXTS,
            "annotations": _TEXTS,
        },
    },
    f"{META}ListMeta": {
        "type": "object",
        "properties": {"resourceVersion": {"type": "string"}, "continue": {"type": "string"}},
    },
    f"{META}Status": {
        "type": "object",
        "required": ["kind", "apiVersion", "status"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string", "enum": ["Status"]},
            "status": {"type": "string", "enum": ["Success", "Failure"]},
            "message": {"type": "string"},
            "reason": {"type": "string"},
            "code": {"type": "integer", "format": "int32"},
        },
    },
    f"{META}Patch": {"type": "object"},
    f"{META}DeleteOptions": {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": ["DeleteOptions"]},
            "preconditions": {
                "type": "object",
                "properties": {"uid": {"type": "string"}, "resourceVersion": {"type": "string"}},
            },
        },
    },
}
STATUS = reference(f"{META}Status")


def kinds(resource: Resource, version: str) -> Document:
    """Definitions of a resource's kind and its list."""
    name = schema_name(resource, version)
    gvk = [{"group": resource.group, "version": version, "kind": resource.kind}]
    typed = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    item: Document = {
        "type": "object",
        "properties": {**typed, "metadata": reference(f"{META}ObjectMeta")},
        "x-kubernetes-group-version-kind": gvk,
    }
    if not resource.stored:
        item["properties"] = {**typed, "spec": {"type": "object"}, "status": {"type": "object"}}
        return {name: item}
    listed = {
        "type": "object",
        "required": ["items"],
        "properties": {
            **typed,
            "metadata": reference(f"{META}ListMeta"),
            "items": {"type": "array", "items": reference(name)},
        },
        "x-kubernetes-group-version-kind": [{**gvk[0], "kind": f"{resource.kind}List"}],
    }
    return {name: item, f"{name}List": listed}
