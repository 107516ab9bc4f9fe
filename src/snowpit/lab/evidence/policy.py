"""Audit policies: which events are written, and how much of them.

Source: kubernetes/apiserver pkg/audit/policy/{reader,checker}.go and pkg/apis/audit 1.12.0 to 1.28.0.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import yaml

from snowpit.errors import LabError
from snowpit.lab.exchange import Exchange

STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")
VERSIONS = tuple(f"audit.k8s.io/{version}" for version in ("v1alpha1", "v1beta1", "v1"))
_LISTS = ("users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs")


class Level(IntEnum):
    """How much of a request is written."""

    NONE = 0
    METADATA = 1
    REQUEST = 2
    REQUEST_RESPONSE = 3

    @property
    def word(self) -> str:
        """As events spell it."""
        return ("None", "Metadata", "Request", "RequestResponse")[self]


LEVELS = {level.word: level for level in Level}


class Policy:
    """A policy.

    Args:
        document: ``Policy`` object.

    Raises:
        LabError: If it is none, or a rule is not well formed.
    """

    def __init__(self, document: object) -> None:
        if not isinstance(document, Mapping) or document.get("kind") != "Policy":
            raise LabError("The audit policy is no Policy object.", "snowpit policy prints one.")
        if document.get("apiVersion") not in VERSIONS:
            raise LabError(
                "The audit policy has no known apiVersion.", f"Write one of {', '.join(VERSIONS)}."
            )
        rules = document.get("rules")
        if not isinstance(rules, Sequence) or isinstance(rules, str) or not rules:
            raise LabError("The audit policy has no rules.", "snowpit policy prints one that is enough.")
        self._omitted = frozenset(map(str, document.get("omitStages") or ()))
        self._rules = [_Rule(rule, number) for number, rule in enumerate(rules)]

    @classmethod
    def load(cls, path: Path) -> "Policy":
        """A policy from a file.

        Raises:
            LabError: If the file cannot be read or holds no policy.
        """
        try:
            return cls(yaml.safe_load(path.read_text("utf-8")))
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            raise LabError(f"The audit policy {path} cannot be read.", "Check that it is YAML.") from error

    def judge(self, exchange: Exchange) -> tuple[Level, frozenset[str]]:
        """Level of a request's events, and the stages that are left out; the first rule that fits decides."""
        for rule in self._rules:
            if rule.fits(exchange):
                return rule.level, self._omitted | rule.omitted
        return Level.NONE, self._omitted


class _Rule:
    """One rule."""

    def __init__(self, raw: object, number: int) -> None:
        if not isinstance(raw, Mapping) or raw.get("level") not in LEVELS:
            raise LabError(
                f"Rule {number} of the audit policy has no level.", f"Write one of {', '.join(LEVELS)}."
            )
        for name in _LISTS:
            if not isinstance(raw.get(name) or [], list):
                raise LabError(
                    f"Rule {number} of the audit policy: {name} is no list.", "Write it in brackets."
                )
        self.level = LEVELS[str(raw["level"])]
        self.omitted = frozenset(map(str, raw.get("omitStages") or ()))
        self._users, self._groups = _set(raw, "users"), _set(raw, "userGroups")
        self._verbs, self._namespaces = _set(raw, "verbs"), _set(raw, "namespaces")
        self._paths = tuple(map(str, raw.get("nonResourceURLs") or ()))
        self._resources: list[Mapping[str, Any]] = [
            item for item in raw.get("resources") or () if isinstance(item, Mapping)
        ]

    def fits(self, exchange: Exchange) -> bool:
        """Whether the rule is about a request."""
        user, info = exchange.user, exchange.info
        if self._users and (user is None or user.name not in self._users):
            return False
        if self._groups and (user is None or not self._groups & set(user.groups)):
            return False
        if self._verbs and info.verb not in self._verbs and "*" not in self._verbs:
            return False
        if self._namespaces or self._resources:
            return info.resource_request and self._fits_resource(exchange)
        if self._paths:
            return not info.resource_request and any(_covers(path, info.path) for path in self._paths)
        return True

    def _fits_resource(self, exchange: Exchange) -> bool:
        info = exchange.info
        if self._namespaces and info.namespace not in self._namespaces:
            return False
        return not self._resources or any(_names(item, exchange) for item in self._resources)


def _names(item: Mapping[str, Any], exchange: Exchange) -> bool:
    """Whether an entry of ``resources`` names what a request is about."""
    info = exchange.info
    if str(item.get("group") or "") != info.group:
        return False
    kinds = list(map(str, item.get("resources") or ()))
    whole = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    named = not kinds or any(_kind(kind, info.resource, info.subresource, whole) for kind in kinds)
    names = item.get("resourceNames") or ()
    return named and (not names or info.name in names)


def _kind(kind: str, resource: str, subresource: str, whole: str) -> bool:
    if kind in ("*", whole):
        return True
    if kind.endswith("/*"):
        return kind == f"{resource}/*"
    return kind.startswith("*/") and kind == f"*/{subresource}"


def _set(raw: Mapping[str, Any], name: str) -> frozenset[str]:
    return frozenset(map(str, raw.get(name) or ()))


def _covers(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
