"""Tables of a scenario laid over its dataclasses, field by field.

A key is a field's name without its unit: ``period`` for ``period_s``, ``rate`` for
``rate_per_s``. What a field holds follows from its type: seconds, rates, shares,
counts, words from a list, nested tables. Some keys are short for a field of a
nested table (``SHORT``), some tables may be written as text (``"exponential:20s"``
for a delay, ``"update leases.coordination.k8s.io"`` for an operation, ``100`` for tokens).
"""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

from snowpit.cluster import units
from snowpit.cluster.scenario import PriorityLevel, Switches
from snowpit.cluster.workload import (
    ARRIVALS,
    CREDENTIALS,
    LAWS,
    RETRYABLE,
    Clients,
    Delay,
    Operation,
    Retry,
    Scraper,
    Tokens,
)

T = TypeVar("T")

CHOICES: Mapping[tuple[type, str], tuple[str, ...]] = {
    (Delay, "law"): LAWS,
    (Tokens, "credential"): CREDENTIALS,
    (Retry, "on"): RETRYABLE,
    (Clients, "arrivals"): ARRIVALS,
    (Clients, "phase"): ("spread", "think", "at_once"),
    (Scraper, "subresource"): ("stats", "metrics", "log", "spec", "proxy"),
    (Switches, "limiter_order"): ("fifo", "lifo", "codel"),
}
SHORT: Mapping[str, str] = {
    "credential": "tokens",
    "weights": "tokens",
    "subject": "tokens",
    "shared_with": "tokens",
    "service": "operation",
    "objects": "operation",
    "etcd": "operation",
}
"""Keys of a population that are short for a field of a nested table."""

LEAST: Mapping[tuple[type, str], int] = {
    (Retry, "inner_tries"): 1,
    (Retry, "steps"): 1,
    (Tokens, "count"): 1,
    (PriorityLevel, "shares"): -1,
    (PriorityLevel, "borrow_percent"): -1,
}
UNLIMITED = ("qps", "budget_share")
_WEIGHTS = re.compile(r"uniform|zipf:\d{1,2}(\.\d{1,6})?", re.ASCII)
_WORD = r"[a-z][a-z0-9-]{0,62}"
OPERATION = re.compile(rf"({_WORD}) ({_WORD})((?:\.{_WORD})*)(?:/({_WORD}))?(?: in ({_WORD}))?", re.ASCII)
"""An operation as text; what does not fit is written as a table."""


@cache
def _types(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}


@cache
def keys(kind: type) -> dict[str, str]:
    """Keys that a table for this dataclass may have, with the field that each sets; short keys set a nested table."""
    found = {re.sub("_(?:per_)?s$", "", name): name for name in _types(kind)}
    found |= {key: field for key, field in SHORT.items() if field in _types(kind)}
    if "tokens" in _types(kind) and "operation" not in _types(kind):
        found = {key: field for key, field in found.items() if SHORT.get(key) != "operation"}
    return found


def _kind(base: object) -> type:
    return type(base)


def fill(base: T, table: object, place: str) -> T:
    """A dataclass with the values of a table laid over it; it keeps what the table leaves out.

    Raises:
        ScenarioError: If a key is unknown or a value breaks its rule.
    """
    if not isinstance(table, Mapping):
        units.refuse(place, table, "it has to be a table")
    for key, raw in table.items():
        base = put(base, str(key), raw, place)
    return base


def put(base: T, key: str, raw: object, place: str) -> T:
    """A dataclass with one field read from ``raw``; a dot in the key goes into a nested table."""
    head, _, rest = key.partition(".")
    known = keys(_kind(base))
    name = known.get(head)
    if name is None:
        units.refuse(f"{place}.{word(head)}", raw, "this key is not known", units.closest(head, tuple(known)))
    if SHORT.get(head) == name:
        rest = key
    if rest:
        inner = getattr(base, name)
        inner = Tokens() if inner is None else inner
        if not is_dataclass(inner):
            units.refuse(f"{place}.{word(key)}", raw, "there is no such key in it")
        value: object = put(inner, rest, raw, f"{place}.{word(head)}" if rest != key else place)
    else:
        value = _read(base, name, raw, f"{place}.{word(head)}")
    return cast("T", replace(cast("Any", base), **{name: value}))


def word(key: str) -> str:
    """A key for messages: as it is if plain, else escaped and short."""
    return key if re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", key, re.ASCII) else ascii(key[:40])


def _read(base: object, name: str, raw: object, place: str) -> object:
    kind = _kind(base)
    hint = _types(kind)[name]
    if hint is bool:
        return units.flag(raw, place)
    if hint is int:
        return units.count(raw, place, least=LEAST.get((kind, name), 0))
    if hint is float:
        return _real(name, raw, place)
    if hint is str:
        found = units.text(raw, place, choices=CHOICES.get((kind, name), ()))
        return _weights(found, place) if name == "weights" else found
    if hint == tuple[str, ...]:
        return _words(raw, place, choices=CHOICES.get((kind, name), ()))
    return _nested(getattr(base, name), hint, raw, place)


def _real(name: str, raw: object, place: str) -> float:
    if name == "rate_per_s" or name in UNLIMITED:
        return units.rate(raw, place, unlimited=name in UNLIMITED)
    if name.endswith("_s"):
        return units.duration(raw, place)
    return units.number(raw, place)


def _words(raw: object, place: str, *, choices: tuple[str, ...]) -> tuple[str, ...]:
    items = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(items, list):
        units.refuse(place, raw, "it has to be a list of words", closest_list(choices))
    return tuple(
        units.text(item.strip() if isinstance(item, str) else item, place, choices=choices) for item in items
    )


def closest_list(choices: tuple[str, ...]) -> str:
    """A hint that names all choices."""
    return f"Known: {', '.join(choices)}."


def _weights(found: str, place: str) -> str:
    if not _WEIGHTS.fullmatch(found):
        units.refuse(
            place, found, "it has to be uniform or zipf:<exponent>", 'Write for instance "zipf:1.0".'
        )
    return found


def _nested(base: object, hint: object, raw: object, place: str) -> object:
    if isinstance(base, Delay) and not isinstance(raw, Mapping):
        return _delay(base, raw, place)
    if isinstance(base, Operation) and isinstance(raw, str):
        return _operation(base, raw, place)
    if hint is Tokens or base is None:
        tokens = base if isinstance(base, Tokens) else Tokens()
        if isinstance(raw, Mapping):
            return fill(tokens, raw, place)
        if isinstance(raw, str) and raw in CREDENTIALS:
            return replace(tokens, credential=raw)
        return replace(tokens, count=units.count(raw, place, least=1))
    return fill(base, raw, place)


def _delay(base: Delay, raw: object, place: str) -> Delay:
    """``20s`` is constant, ``exponential:20s`` names the law, ``lognormal:8ms:0.5`` adds sigma."""
    if not isinstance(raw, str) or ":" not in raw:
        return replace(base, law="constant", mean_s=units.duration(raw, place))
    law, mean, *sigma = raw.split(":")
    found = replace(
        base, law=units.text(law, place, choices=LAWS), mean_s=units.duration(mean, place, never=False)
    )
    if len(sigma) > 1 or (sigma and law != "lognormal"):
        units.refuse(
            place,
            raw,
            "it has more parts than the law has parameters",
            'Write for instance "lognormal:8ms:0.5".',
        )
    return replace(found, sigma=units.number(sigma[0], place)) if sigma else found


def _operation(base: Operation, raw: str, place: str) -> Operation:
    found = OPERATION.fullmatch(raw)
    if found is None:
        hint = 'Write for instance "get pods", "patch nodes/status" or "update leases.coordination.k8s.io in kube-system".'
        units.refuse(place, raw, "it is no operation", hint)
    verb, resource, group, subresource, namespace = found.groups(default="")
    return replace(
        base,
        verb=verb,
        resource=resource,
        group=group.removeprefix("."),
        subresource=subresource,
        namespace=namespace,
    )
