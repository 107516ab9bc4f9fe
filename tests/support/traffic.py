"""Traffic recipes: TOML files that expand to request tables, the same for the same file.

A recipe has a table ``[server]`` (``version``, ``duration_s``, ``seed``, ``mutating_limit``, ``readonly_limit``,
``timeout_s``, ``received``: whether arrivals are logged; ``stall``: stretches in which it stands still, and
``stall_stops``: "all" or "mutating"; ``down``: stretches in which it is gone; ``read_delay_s``: added to every
read), ``include`` (a recipe whose streams are added), ``[[stream]]`` tables (see ``support.streams``) and
``[expect]``. A twin is written as ``twin_of`` and ``[change]`` with one dotted key: ``stream.<name>.<key>`` or
``server.<key>``.

The server is the in-flight gate of kube-apiserver: an arrival that finds its kind's seats taken gets 429. A
stream with ``bucket = {qps, burst, cost}`` waits for a token bucket in order of arrival first (reservations, as
``golang.org/x/time/rate`` makes them; a request that times out does not give back its own). With ``tokens`` = n
a stream's requests show n ServiceAccount tokens in turn: those that are not remembered wait for two look-ups of
the server (see ``support.lookups``; ``[server.limiter]``: qps, burst, cache_s, logged), a review on its seat, a
``direct`` request before it is received, and then only if that takes less than 60 s.
"""

import heapq
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from snowpit.cluster.control_plane import ControlPlane, build
from snowpit.diagnose import diagnose
from snowpit.knowledge.version import Version
from snowpit.model.finding import Diagnosis
from snowpit.observe import observe
from snowpit.store import Tables
from support.lookups import LATENCY_S, Lookups
from support.streams import READS, Stream, arrivals, stream

START = 1_700_000_000_000_000
"""Start of every recipe, µs since the epoch, on a whole second."""

MICROS = 1_000_000
REFUSAL_S = 0.001
Row = dict[str, object]
Arrival = tuple[float, int, Stream, int, int, int]
"""Instant, tie-breaker, stream, client, wish and how often it was tried before."""

PATIENCE_S = 60.0
"""The timeout filter: a request that is not authenticated by then is answered 504, and not audited."""

SECRET, ACCOUNT = (
    {"name": kind, "verb": "get", "resource": kind, "client": "loopback", "latency_s": LATENCY_S}
    for kind in ("secrets", "serviceaccounts")
)


def recipe(path: Path) -> dict[str, Any]:
    """A recipe with what it includes; a twin with its change applied."""
    raw = tomllib.loads(path.read_text("utf-8"))
    if "twin_of" in raw:
        return {
            **changed(recipe(path.parent / raw["twin_of"]), raw["change"]),
            "expect": raw.get("expect", {}),
        }
    if "include" in raw:
        common = recipe(path.parent / raw["include"])
        raw["stream"] = [*common["stream"], *raw.get("stream", ())]
        raw["server"] = {**common["server"], **raw.get("server", {})}
    return raw


def changed(base: Mapping[str, Any], change: Mapping[str, object]) -> dict[str, Any]:
    """A recipe that differs from another in the given dotted keys, all of which must exist there."""
    made: dict[str, Any] = deepcopy(dict(base))
    for dotted, value in change.items():
        head, *middle, key = dotted.split(".")
        table = made[head]
        if head == "stream":
            table = next(item for item in table if item["name"] == middle[0])
            middle = middle[1:]
        for step in middle:
            table = table[step]
        if key not in table or table[key] == value:
            raise KeyError(f"{dotted}: not in the other recipe, or the same there")
        table[key] = value
    return made


class Server:
    """The gate, the bucket and the clock of one recipe."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.limits = (raw.get("readonly_limit", 400), raw.get("mutating_limit", 200))
        self.held: tuple[list[float], list[float]] = ([], [])
        self.tokens: dict[str, float] = {}
        self.chance = Random(f"{raw.get('seed', 1)}/server")  # noqa: S311 - traffic, no secret
        self.lookups: Lookups[Arrival] = Lookups(raw.get("limiter", {}))

    def full(self, asked: Stream, at: float) -> bool:
        """Whether all seats of its kind are taken."""
        seats = self.held[asked.mutating]
        while seats and seats[0] <= at:
            heapq.heappop(seats)
        return asked.gated and len(seats) >= self.limits[asked.mutating]

    def patience(self, asked: Stream) -> float:
        """Time limit of its handler, in seconds; of the timeout filter before it is admitted."""
        if asked.raw.get("direct"):
            return PATIENCE_S
        return float(asked.raw.get("timeout_s", self.raw.get("timeout_s", 60.0)))

    def looked_up(self, arrival: Arrival, second: float) -> tuple[int, float]:
        """Status code and sojourn time of a request whose second look-up is made at an instant."""
        at, _, asked, *_ = arrival
        most = self.patience(asked)
        code, taken = asked.ending()
        taken += second + LATENCY_S - at
        if taken >= most:
            return 504, most
        if asked.gated and not asked.raw.get("direct"):
            seats = self.held[asked.mutating]
            seats[seats.index(at + most)] = at + taken
            heapq.heapify(seats)
        return code, taken

    def answer(self, asked: Stream, at: float) -> tuple[int, float]:
        """Status code and sojourn time of a request that arrives now."""
        if self.full(asked, at):
            return 429, REFUSAL_S
        code, taken = asked.ending()
        taken = self._stopped(asked, at, at + taken + self._wait(asked, at) + self._reads(asked)) - at
        if asked.gated:
            most = self.patience(asked)
            code, taken = (504, most) if taken > most else (code, taken)
            heapq.heappush(self.held[asked.mutating], at + taken)
        return code, taken

    def _reads(self, asked: Stream) -> float:
        return float(self.raw.get("read_delay_s", 0.0)) if asked.columns["verb"] in READS[:2] else 0.0

    def _wait(self, asked: Stream, at: float) -> float:
        """Delay of the token bucket, which all streams that name it share."""
        bucket = asked.raw.get("bucket")
        if not bucket:
            return 0.0
        full = at - bucket["burst"] / bucket["qps"]
        ready = max(self.tokens.get(bucket["name"], full), full) + bucket["cost"] / bucket["qps"]
        self.tokens[bucket["name"]] = ready
        return float(max(0.0, ready - at))

    def _stopped(self, asked: Stream, at: float, end: float) -> float:
        """When a request ends, given the stretches in which the server stands still or is gone."""
        if asked.mutating or self.raw.get("stall_stops", "all") == "all":
            for start, over in self.raw.get("stall", ()):
                if at < over and end > start and asked.gated:
                    end = over + self.chance.random() * 0.5
        for start, _ in self.raw.get("down", ()):
            if at < start < end:
                end = start
        return end


def rows(raw: Mapping[str, Any]) -> list[Row]:
    """The request table of a recipe, in order of arrival."""
    run = Run(raw)
    while run.waiting or run.host.lookups.halfway:
        if run.waiting and run.waiting[0][0] < run.host.lookups.next_at():
            run.arrive(heapq.heappop(run.waiting))
        else:
            run.proceed()
    return sorted(run.rows, key=_received)


def _received(row: Row) -> int:
    at = row["received"]
    assert isinstance(at, int)
    return at


class Run:
    """One expansion of a recipe: arrivals to come, the server, and what it logged."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.server: Mapping[str, Any] = raw["server"]
        seed = self.server.get("seed", 1)
        self.host, self.order, self.rows = Server(self.server), count(), list[Row]()
        self.logged = self.server.get("limiter", {}).get("logged", False)
        self.own = [stream(table, version=self.server["version"], seed=seed) for table in (SECRET, ACCOUNT)]
        self.waiting: list[Arrival] = []
        for table in raw["stream"]:
            made = stream(table, version=self.server["version"], seed=seed)
            first = arrivals(table, duration=self.server["duration_s"], seed=seed)
            self.waiting += [
                (at, next(self.order), made, who, wish, 0) for wish, (at, who) in enumerate(first)
            ]
        heapq.heapify(self.waiting)

    def arrive(self, arrival: Arrival) -> None:
        """A request comes: refuse it, answer it, or let it wait for its token to be looked up."""
        at, _, asked, _, wish, _ = arrival
        down = self.server.get("down", ())
        if at >= self.server["duration_s"] or any(start <= at < over for start, over in down):
            return
        tokens, lookups = asked.raw.get("tokens"), self.host.lookups
        token = f"{asked.raw.get('token', asked.name)}-{wish % tokens if tokens else 0}"
        if not tokens or lookups.remembers(at, token) or self.host.full(asked, at):
            self.conclude(arrival, *self.host.answer(asked, at))
            return
        if asked.gated and not asked.raw.get("direct"):
            heapq.heappush(self.host.held[asked.mutating], at + self.host.patience(asked))
        self.log_lookup(0, lookups.begin(at, token, arrival), token)

    def proceed(self) -> None:
        """The first look-up of a token is answered; the second one decides when the request ends."""
        arrival, token, second = self.host.lookups.proceed()
        self.log_lookup(1, second, token)
        code, taken = self.host.looked_up(arrival, second)
        _, _, asked, who, wish, tried = arrival
        if not asked.raw.get("direct"):
            self.conclude(arrival, code, taken)
        elif (
            code != 504 and second + LATENCY_S < self.server["duration_s"]
        ):  # who waited too long is not audited
            received = second + LATENCY_S
            self.conclude((received, 0, asked, who, wish, tried), *self.host.answer(asked, received))

    def conclude(self, arrival: Arrival, code: int, taken: float) -> None:
        """Log an attempt that ended, and let its client try again."""
        at, _, asked, who, wish, tried = arrival
        again = _again(asked, code, tried)
        if again is not None:
            heapq.heappush(self.waiting, (at + taken + again, next(self.order), asked, who, wish, tried + 1))
        _log(self.rows, self.server, asked, at=at, code=code, taken=taken, who=who, wish=wish)

    def log_lookup(self, step: int, at: float, token: str) -> None:
        """The server's own GET, if its policy keeps those."""
        if self.logged and at < self.server["duration_s"]:
            _log(self.rows, self.server, self.own[step], at=at, code=200, taken=LATENCY_S, who=0, wish=0)
            self.rows[-1] |= {"name": token, "namespace": "apps"}


def _again(asked: Stream, code: int, tried: int) -> float | None:
    """Pause until the next try, in seconds; null if there is none."""
    retry = asked.raw.get("retry", {})
    if code not in retry.get("codes", (429,)) or tried >= retry.get("n", 0):
        return None
    return float(retry.get("after_s", 1.0) * retry.get("backoff", 1.0) ** tried)


def _log(
    table: list[Row], server: Mapping[str, Any], asked: Stream, *, at: float, code: int, taken: float, who: int, wish: int
) -> None:  # fmt: skip
    """Write one attempt, if the server's log would show it."""
    received = START + round(at * MICROS)
    name = asked.raw.get("object", "").format(i=who, n=wish) or None
    made: Row = {**asked.columns, **asked.clients[who], "received": received, "name": name}
    subjects = asked.raw.get("subjects")
    if subjects:
        made["subject"] = asked.raw["subject"].format(i=wish % subjects)
    number = len(table)
    made["audit_id"] = f"00000000-0000-4000-8000-{number:012x}"
    if at + taken <= server["duration_s"]:
        made |= {"finished": received + round(taken * MICROS), "code": code, "stage": "ResponseComplete"}
    elif asked.columns["verb"] == "watch":
        made |= {"code": code, "stage": "ResponseStarted"}
    elif server.get("received", True):
        made["stage"] = "RequestReceived"
    else:
        return
    table.append(made)


def plane(raw: Mapping[str, Any]) -> ControlPlane:
    """The server of a recipe, with the limits that it names."""
    server = raw["server"]
    limits = {kind: server[f"{kind}_limit"] for kind in ("mutating", "readonly") if f"{kind}_limit" in server}
    return build(version=Version.parse(server["version"]), version_source="flag", limits=limits)


def diagnosed(raw: Mapping[str, Any]) -> Diagnosis:
    """Expand a recipe, observe and judge."""
    made = rows(raw)
    control = plane(raw)
    stages = {"ResponseComplete": len(made)}
    if raw["server"].get("received", True):
        stages["RequestReceived"] = len(made)
    version = control.version
    assert version is not None
    with Tables() as tables:
        tables.append(made)
        observed = observe(
            tables, stages=stages, server_version=(version.major, version.minor, version.patch)
        )
    return diagnose(observed, control)
