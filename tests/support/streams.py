"""Streams of a traffic recipe: who asks what, when, and how long an answer takes."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

LONG_RUNNING = ("watch", "connect", "proxy")
READS = ("get", "list", "watch")
COLUMNS = ("verb", "group", "version", "resource", "subresource", "namespace", "uri", "subject", "reason")

CLIENTS: Mapping[str, Mapping[str, str]] = {
    "node": {
        "user": "system:node:node-{i:04}",
        "groups": "system:nodes,system:authenticated",
        "user_agent": "kubelet/v{version} (linux/amd64) kubernetes/0000000",
        "source": "10.{high}.{low}.1",
    },
    "serviceaccount": {
        "user": "system:serviceaccount:{space}:{name}-{i:03}",
        "groups": "system:serviceaccounts,system:serviceaccounts:{space},system:authenticated",
        "user_agent": "{name}/v0.1.0 (linux/amd64)",
        "source": "10.244.{low}.{high}",
    },
    "loopback": {
        "user": "system:apiserver",
        "groups": "system:masters",
        "user_agent": "kube-apiserver/v{version} (linux/amd64) kubernetes/0000000",
        "source": "::1",
    },
    "master": {
        "user": "kubernetes-admin",
        "groups": "system:masters,system:authenticated",
        "user_agent": "kubectl/v{version} (linux/amd64) kubernetes/0000000",
        "source": "192.0.2.1",
    },
    "anonymous": {
        "user": "system:anonymous",
        "groups": "system:unauthenticated",
        "user_agent": "{name}/1.0",
        "source": "192.0.2.{low}",
    },
    "nobody": {
        "user": "",
        "groups": "",
        "user_agent": "{name}/1.0",
        "source": "192.0.2.{low}",
    },
    "other": {
        "user": "system:{name}",
        "groups": "system:authenticated",
        "user_agent": "{name}/v{version} (linux/amd64) kubernetes/0000000",
        "source": "192.0.2.2",
    },
}
"""Templates by kind of client: {i} is the client's number, {name} the stream's, {space} its namespace."""

Ending = tuple[int, float]
"""Status code and sojourn time in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One kind of request by one kind of client.

    Args:
        name: As the recipe calls it.
        raw: Its table in the recipe.
        clients: Columns that say who asks, one mapping for each client.
        columns: Columns that are the same for all its requests.
        mutating: Takes a mutating seat.
        gated: Counts against the in-flight limits.
        ending: Draws how the next admitted request would end on an idle server.
    """

    name: str
    raw: Mapping[str, Any]
    clients: tuple[Mapping[str, str], ...]
    columns: Mapping[str, object]
    mutating: bool
    gated: bool
    ending: Callable[[], Ending]


def stream(raw: Mapping[str, Any], *, version: str, seed: int) -> Stream:
    """A stream as its table in the recipe tells it."""
    verb, kind = raw["verb"], raw.get("client", "serviceaccount")
    columns: dict[str, object] = {name: raw[name] for name in COLUMNS if name in raw}
    columns |= {
        "group": raw.get("group", ""),
        "version": raw.get("version", "v1"),
        "level": raw.get("level", "Metadata"),
    }
    for part in ("webhooks", "etcd", "queued"):
        if f"{part}_s" in raw:
            columns[part] = round(raw[f"{part}_s"] * 1_000_000)
    return Stream(
        name=raw["name"],
        raw=raw,
        clients=tuple(_client(raw, kind, number, version=version) for number in range(raw.get("users", 1))),
        columns=columns,
        mutating=verb not in READS,
        gated=verb not in LONG_RUNNING and kind not in ("loopback", "master"),
        ending=_endings(raw, Random(f"{seed}/{raw['name']}/service")),  # noqa: S311 - traffic, no secret
    )


def _client(raw: Mapping[str, Any], kind: str, number: int, *, version: str) -> dict[str, str]:
    """Who client ``number`` of a stream is."""
    words = {
        "i": number,
        "name": raw["name"],
        "space": raw.get("namespace", "default"),
        "version": version,
        "low": number % 250,
        "high": number // 250 + 1,
    }
    return {column: raw.get(column, text).format(**words) for column, text in CLIENTS[kind].items()}


def _endings(raw: Mapping[str, Any], chance: Random) -> Callable[[], Ending]:
    """``ends`` lists share, code and time of each way to end; else ``code`` and ``latency_s`` say it."""
    ends = raw.get("ends") or [[1.0, raw.get("code", 200), raw.get("latency_s", 0.005)]]
    shares = [share for share, _, _ in ends]
    samplers = [(code, _sampler(time, chance)) for _, code, time in ends]

    def draw() -> Ending:
        code, sample = samplers[0] if len(samplers) == 1 else chance.choices(samplers, shares)[0]
        return code, sample()

    return draw


def _sampler(spec: float | Mapping[str, float], chance: Random) -> Callable[[], float]:
    """A constant time, or a lognormal one by ``median`` and ``sigma``."""
    if not isinstance(spec, Mapping):
        fixed = float(spec)
        return lambda: fixed
    centre, sigma = math.log(spec["median"]), spec.get("sigma", 0.3)
    return lambda: chance.lognormvariate(centre, sigma)


def arrivals(raw: Mapping[str, Any], *, duration: float, seed: int) -> Iterator[tuple[float, int]]:
    """Instants (seconds from the start) at which a stream's requests first arrive, and by which client."""
    chance = Random(f"{seed}/{raw['name']}/arrivals")  # noqa: S311 - traffic, no secret
    start, end = raw.get("from_s", 0.0), min(duration, raw.get("to_s", duration))
    users = raw.get("users", 1)
    instants = _SHAPES[raw.get("arrivals", "poisson")](raw, start, end, chance)
    for number, at in enumerate(instants):
        client = chance.randrange(users) if raw.get("arrivals", "poisson") == "poisson" else number % users
        yield at, client


def _poisson(raw: Mapping[str, Any], start: float, end: float, chance: Random) -> Iterator[float]:
    at = start + chance.expovariate(raw["rate"])
    while at < end:
        yield at
        at += chance.expovariate(raw["rate"])


def _even(raw: Mapping[str, Any], start: float, end: float, chance: Random) -> Iterator[float]:
    phase = chance.random()
    for number in range(int((end - start) * raw["rate"])):
        yield start + (number + phase) / raw["rate"]


def _burst(raw: Mapping[str, Any], start: float, end: float, chance: Random) -> Sequence[float]:
    """``count`` requests within ``width_s`` after ``from_s``."""
    return sorted(start + chance.random() * min(raw["width_s"], end - start) for _ in range(raw["count"]))


def _wave(raw: Mapping[str, Any], start: float, end: float, chance: Random) -> Iterator[float]:
    """``count`` requests within ``width_s``, again every ``period_s``."""
    for turn in range(math.ceil((end - start) / raw["period_s"])):
        yield from _burst(raw, start + turn * raw["period_s"], end, chance)


_SHAPES: Mapping[str, Callable[[Mapping[str, Any], float, float, Random], Iterator[float] | Sequence[float]]]
_SHAPES = {"poisson": _poisson, "even": _even, "burst": _burst, "wave": _wave}
