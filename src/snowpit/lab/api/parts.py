"""Which part of an object a request may write, and the little that the API itself reads of objects held to its shape.

The lab checks only what it acts on: rules and subjects of RBAC, what a pod refers to, data of Secrets. Everything else
is kept as it comes. Defaults: pkg/apis/core/v1/defaults.go; status on create: the strategies of pkg/registry.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from snowpit.lab.api.bodies import invalid, refuse
from snowpit.lab.api.resources import Resource

Object = dict[str, Any]
_Text = str | None


class _Reference(msgspec.Struct):
    name: _Text = None
    secretName: _Text = None  # noqa: N815 - Kubernetes' name


class _Source(msgspec.Struct):
    secret: _Reference | None = None
    configMap: _Reference | None = None  # noqa: N815


class _Projected(msgspec.Struct):
    sources: list[_Source] | None = None


class _Volume(_Source):
    projected: _Projected | None = None


class _ValueFrom(msgspec.Struct):
    secretKeyRef: _Reference | None = None  # noqa: N815
    configMapKeyRef: _Reference | None = None  # noqa: N815


class _Environment(msgspec.Struct):
    valueFrom: _ValueFrom | None = None  # noqa: N815
    secretRef: _Reference | None = None  # noqa: N815
    configMapRef: _Reference | None = None  # noqa: N815


class _Container(msgspec.Struct):
    env: list[_Environment] | None = None
    envFrom: list[_Environment] | None = None  # noqa: N815


class _PodSpec(msgspec.Struct):
    nodeName: _Text = None  # noqa: N815
    serviceAccountName: _Text = None  # noqa: N815
    volumes: list[_Volume] | None = None
    imagePullSecrets: list[_Reference] | None = None  # noqa: N815
    containers: list[_Container] | None = None


class _Pod(msgspec.Struct):
    spec: _PodSpec | None = None


class _Rule(msgspec.Struct):
    verbs: list[str]
    apiGroups: list[str] = []  # noqa: N815
    resources: list[str] = []
    resourceNames: list[str] = []  # noqa: N815
    nonResourceURLs: list[str] = []  # noqa: N815


class _Role(msgspec.Struct):
    rules: list[_Rule] | None = None


class _RoleRef(msgspec.Struct):
    kind: str
    name: str


class _Subject(msgspec.Struct):
    kind: str
    name: str
    namespace: str = ""


class _Binding(msgspec.Struct):
    roleRef: _RoleRef  # noqa: N815
    subjects: list[_Subject] | None = None


class _Secret(msgspec.Struct):
    data: dict[str, _Text] | None = None
    type: _Text = None


_SHAPES: Mapping[str, type] = {
    "pods": _Pod,
    "secrets": _Secret,
    "clusterroles": _Role,
    "roles": _Role,
    "clusterrolebindings": _Binding,
    "rolebindings": _Binding,
}


def check(item: Object, resource: Resource) -> None:
    """Hold an object to what the API reads of it; text data of a Secret are encoded on the way.

    Raises:
        RefusedError: If a part has another shape.
    """
    if resource.name == "secrets":
        _encode_text(item)
    shape = _SHAPES.get(resource.name)
    if shape is not None:
        try:
            msgspec.convert(item, shape)
        except msgspec.ValidationError as error:
            refuse(
                f'{resource.kind} in version "{item["apiVersion"]}" cannot be handled as a {resource.kind}: {error}'
            )
    for field in ("spec", "status", "data"):
        if not isinstance(item.get(field) or {}, dict):
            refuse(f"{resource.kind}: json: cannot unmarshal into Go struct field {resource.kind}.{field}")
    if resource.name == "secrets":
        _check_data(item, resource)


def begun(item: Object, resource: Resource) -> Object:
    """A new object as it is stored: with the defaults of its kind, without the status that its creator claims."""
    if resource.name == "secrets":
        item.setdefault("type", "Opaque")
    if resource.name == "namespaces":
        return {**item, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    if resource.name == "pods":
        spec = {"restartPolicy": "Always", "schedulerName": "default-scheduler", **(item.get("spec") or {})}
        return {**item, "spec": spec, "status": {"phase": "Pending"}}
    return item


def kept(stored: Object, item: Object, resource: Resource, subresource: str) -> Object:
    """What a write leaves in place: a write of the status everything else, any other write the status."""
    if subresource == "status":
        metadata = {**stored["metadata"], "resourceVersion": item["metadata"].get("resourceVersion", "")}
        found = {**stored, "metadata": metadata, "status": item.get("status")}
        return {name: value for name, value in found.items() if value is not None}
    if "status" in resource.subresources:
        found = {name: value for name, value in item.items() if name != "status"}
        return {**found, "status": stored["status"]} if "status" in stored else found
    return item


def _encode_text(item: Object) -> None:
    text = item.pop("stringData", None)
    if not text:
        return
    if not isinstance(text, dict) or not all(isinstance(value, str) for value in text.values()):
        refuse(
            "Secret: json: cannot unmarshal into Go struct field Secret.stringData of type map[string]string"
        )
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in text.items()}
    held = item.get("data") or {}
    item["data"] = {**held, **encoded} if isinstance(held, dict) else held


def _check_data(item: Object, resource: Resource) -> None:
    for name, value in (item.get("data") or {}).items():
        try:
            base64.b64decode(value or "", validate=True)
        except (binascii.Error, ValueError):
            invalid(
                resource,
                item["metadata"].get("name", ""),
                f"data[{name[:50]}]",
                "Invalid value: illegal base64 data",
            )
