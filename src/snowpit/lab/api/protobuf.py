"""Protobuf bodies of the kinds that kubectl sends so: from 1.32 on its typed commands know nothing else.

An object is the prefix ``k8s`` with a zero byte and a message Unknown (apimachinery pkg/runtime/generated.proto: typeMeta 1, raw 2).
Field numbers: generated.proto of k8s.io/api authentication/v1, authorization/v1, core/v1, rbac/v1 and of apimachinery
meta/v1, which never change. Empty texts are left out, as in JSON. Answers are JSON always.
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

MEDIA = "application/vnd.kubernetes.protobuf"
_PREFIX = b"k8s\x00"
_LONGEST_VARINT = 10
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5

Fields = Mapping[int, tuple[str, str]]
"""Name and type by number: ``text``, ``number``, ``flag``, ``skip``, ``map``, ``data`` (a map to bytes) or a message;
repeated with a star."""

_OBJECT: Fields = {1: ("metadata", "ObjectMeta"), 3: ("status", "skip")}
_MESSAGES: Mapping[str, Fields] = {
    "Unknown": {1: ("type", "TypeMeta"), 2: ("raw", "bytes"), 3: ("", "skip"), 4: ("", "skip")},
    "TypeMeta": {1: ("apiVersion", "text"), 2: ("kind", "text")},
    "ObjectMeta": {
        1: ("name", "text"),
        2: ("generateName", "text"),
        3: ("namespace", "text"),
        5: ("uid", "text"),
        6: ("resourceVersion", "text"),
        11: ("labels", "map"),
        12: ("annotations", "map"),
        14: ("finalizers", "text*"),
        **dict.fromkeys((4, 7, 8, 9, 10, 17), ("", "skip")),
    },
    "TokenReview": {**_OBJECT, 2: ("spec", "TokenReviewSpec")},
    "TokenReviewSpec": {1: ("token", "text"), 2: ("audiences", "text*")},
    "SelfSubjectReview": {1: ("metadata", "ObjectMeta"), 2: ("status", "skip")},
    "TokenRequest": {**_OBJECT, 2: ("spec", "TokenRequestSpec")},
    "TokenRequestSpec": {
        1: ("audiences", "text*"),
        3: ("boundObjectRef", "BoundObjectReference"),
        4: ("expirationSeconds", "number"),
    },
    "BoundObjectReference": {1: ("kind", "text"), 2: ("apiVersion", "text"), 3: ("name", "text"), 4: ("uid", "text")},
    "SubjectAccessReview": {**_OBJECT, 2: ("spec", "AccessSpec")},
    "LocalSubjectAccessReview": {**_OBJECT, 2: ("spec", "AccessSpec")},
    "SelfSubjectAccessReview": {**_OBJECT, 2: ("spec", "AccessSpec")},
    "AccessSpec": {
        1: ("resourceAttributes", "ResourceAttributes"),
        2: ("nonResourceAttributes", "NonResourceAttributes"),
        3: ("user", "text"),
        4: ("groups", "text*"),
        6: ("uid", "text"),
    },
    "ResourceAttributes": {
        number: (name, "text")
        for number, name in enumerate(
            ("namespace", "verb", "group", "version", "resource", "subresource", "name"), start=1
        )
    },
    "NonResourceAttributes": {1: ("path", "text"), 2: ("verb", "text")},
    "SelfSubjectRulesReview": {**_OBJECT, 2: ("spec", "RulesSpec")},
    "RulesSpec": {1: ("namespace", "text")},
    "ServiceAccount": {1: ("metadata", "ObjectMeta"), 3: ("imagePullSecrets", "Name*"), 4: ("automountServiceAccountToken", "flag")},
    "Name": {1: ("name", "text")},
    "ConfigMap": {1: ("metadata", "ObjectMeta"), 2: ("data", "map"), 3: ("binaryData", "data"), 4: ("immutable", "flag")},
    "Secret": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "data"),
        3: ("type", "text"),
        4: ("stringData", "map"),
        5: ("immutable", "flag"),
    },
    "Namespace": {**_OBJECT, 2: ("spec", "skip")},
    "Role": {1: ("metadata", "ObjectMeta"), 2: ("rules", "PolicyRule*")},
    "ClusterRole": {1: ("metadata", "ObjectMeta"), 2: ("rules", "PolicyRule*")},
    "PolicyRule": {
        number: (name, "text*")
        for number, name in enumerate(
            ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"), start=1
        )
    },
    "RoleBinding": {1: ("metadata", "ObjectMeta"), 2: ("subjects", "Subject*"), 3: ("roleRef", "RoleRef")},
    "ClusterRoleBinding": {1: ("metadata", "ObjectMeta"), 2: ("subjects", "Subject*"), 3: ("roleRef", "RoleRef")},
    "Subject": {1: ("kind", "text"), 2: ("apiGroup", "text"), 3: ("name", "text"), 4: ("namespace", "text")},
    "RoleRef": {1: ("apiGroup", "text"), 2: ("kind", "text"), 3: ("name", "text")},
}  # fmt: skip
_INNER = ("Unknown", "TypeMeta", "ObjectMeta")


class BrokenError(Exception):
    """No protobuf, or cut short."""


class UnreadError(Exception):
    """Well formed, as far as can be told, but of a kind or with a field that is not read here."""


def decode(body: bytes) -> dict[str, Any]:
    """The object in a protobuf body, as in JSON.

    Raises:
        BrokenError: If it is no protobuf, or cut short.
        UnreadError: If its kind or one of its fields is not read here.
    """
    if not body.startswith(_PREFIX):
        raise BrokenError(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    outer = _message("Unknown", body[len(_PREFIX) :])
    typed = outer.get("type", {})
    kind = typed.get("kind", "")
    if kind not in _MESSAGES or kind in _INNER:
        raise UnreadError(f"protobuf of kind {kind[:50]!r}")
    return {**typed, **_message(kind, outer.get("raw", b""))}


def _message(name: str, data: bytes) -> dict[str, Any]:
    fields = _MESSAGES[name]
    found: dict[str, Any] = {}
    for number, value in _read(data):
        if number not in fields:
            raise UnreadError(f"field {number} of protobuf message {name}")
        field, form = fields[number]
        if form == "skip":
            continue
        if form in ("map", "data"):
            key, held = _entry(value, form)
            found.setdefault(field, {})[key] = held
        elif form.endswith("*"):
            found.setdefault(field, []).append(_value(form[:-1], value))
        else:
            held = _value(form, value)
            if held != "":
                found[field] = held
    return found


def _value(form: str, value: int | bytes) -> Any:  # noqa: ANN401 - JSON
    if form in ("number", "flag"):
        if not isinstance(value, int):
            raise BrokenError("a number was expected")
        return bool(value) if form == "flag" else value - (1 << 64) if value >> 63 else value
    if not isinstance(value, bytes):
        raise BrokenError("a text or message was expected")
    if form == "bytes":
        return value
    return _text(value) if form == "text" else _message(form, value)


def _entry(value: int | bytes, form: str) -> tuple[str, str]:
    """One entry of a map: key 1, value 2."""
    if not isinstance(value, bytes):
        raise BrokenError("an entry of a map was expected")
    parts: dict[int, bytes] = {1: b"", 2: b""}
    for number, part in _read(value):
        if number not in parts or not isinstance(part, bytes):
            raise BrokenError("an entry of a map was expected")
        parts[number] = part
    held = parts[2] if form == "map" else base64.b64encode(parts[2])
    return _text(parts[1]), _text(held)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise BrokenError("string field contains invalid UTF-8") from error


def _read(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _LENGTH:
            size, at = _varint(data, at)
        elif kind in (_EIGHT, _FOUR):
            size = 8 if kind == _EIGHT else 4
        else:
            raise BrokenError(f"wire type {kind} is not known")
        if at + size > len(data):
            raise BrokenError("unexpected EOF")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    found = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        found |= (byte & 0x7F) << 7 * place
        if byte < 1 << 7:
            return found, at + place + 1
    raise BrokenError("unexpected EOF")
