"""The first state of a world: clients with their tokens, warm caches, and the first entries of the agenda."""

import numpy as np

from snowpit.mechanism.priority_levels import ADJUST_PERIOD_S
from snowpit.simulate import parameters
from snowpit.simulate.engine import layout as at
from snowpit.simulate.engine.chance import GAP, PHASE, SPREAD, THINK, delay, key_of, uniform
from snowpit.simulate.engine.layout import World
from snowpit.simulate.world import Plan, allocate, weights

Entry = tuple[float, int, int, int]
"""Time, kind and the two numbers of something to be entered into the agenda."""

ENTITY_STRIDE = 1_000_003
"""Numbers of entities: clients from 0, servers, populations and scrapers from multiples of this."""


def begin(plan: Plan, seed: int, *, keep_rows: bool) -> World:
    """A world at time 0."""
    w = allocate(plan, keep_rows=keep_rows)
    clock = w.clock[0]
    clock.bin_s = clock.bin_end = plan.scenario.bin_s
    clock.bins = w.server_counts.shape[1]
    clock.ring_time, clock.ring = np.inf, -1
    clock.keep_rows = int(keep_rows)
    parameters.write(w, plan)
    entries = _servers(w, plan, seed)
    _clients(w, plan, seed)
    for p in range(len(plan.populations)):
        entries += _arrivals(w, plan, p, seed)
    load(w, entries + _scrapers(w, plan, seed))
    return w


def load(w: World, entries: list[Entry]) -> None:
    """Enter things in order of time."""
    times, kinds, a, b = np.array(sorted(entries)).reshape(-1, 4).T
    enter(w, times, kind=kinds, a=a, b=b)


def enter(w: World, times: np.ndarray, *, kind: int | np.ndarray, a: np.ndarray, b: int | np.ndarray) -> None:
    """Enter many things into an agenda that has room for them: in order of time its heap is a heap again."""
    clock = w.clock[0]
    n = clock.heap_n + len(times)
    fresh = w.heap[clock.heap_n : n]
    fresh.time, fresh.seq, fresh.kind, fresh.a, fresh.b = times, clock.seq + np.arange(len(times)), kind, a, b
    w.heap[:n] = w.heap[:n][np.lexsort((w.heap.seq[:n], w.heap.time[:n]))]
    clock.heap_n = n
    clock.seq += len(times)


def _servers(w: World, plan: Plan, seed: int) -> list[Entry]:
    for s in range(plan.scenario.servers):
        server = w.servers[s]
        server.up, server.etcd, server.bucket_tokens = 1, 1.0, server.burst
        server.key = key_of(seed, ENTITY_STRIDE + s)
        server.synced_at = -1.0
    return adjustments(plan, 0.0)


def adjustments(plan: Plan, now: float) -> list[Entry]:
    """The next adjustment of every server's priority levels, if they borrow from each other."""
    borrowing = plan.scenario.levels and plan.scenario.plane.flag("borrowing")
    return [(now + ADJUST_PERIOD_S, at.ADJUST, s, 0) for s in range(plan.scenario.servers) if borrowing]


def _clients(w: World, plan: Plan, seed: int) -> None:
    reviews = len(plan.scenario.clients)  # from here on populations are kubelets, which have one limiter each
    w.clients.limiter[:], w.guards.budget[:] = -1, 10.0
    for p, one in enumerate(plan.populations):
        who = slice(plan.first[p], plan.first[p] + one.count)
        index = np.arange(one.count)
        w.clients.population[who] = p
        w.clients.server[who] = index % plan.scenario.servers
        w.clients.key[who] = key_of(seed, plan.first[p] + index)
        w.clients.token[who] = plan.token_base[p] + _shared(weights(one.tokens), one.count)
        w.weights[plan.token_base[p] : plan.token_base[p] + one.tokens.count] = np.cumsum(weights(one.tokens))
        if one.reviewed:
            w.reviewed[who] = plan.reviewed_base[p] + _shared(weights(one.reviewed), one.count)
        if one.qps > 0.0:
            owner = index + (plan.first[reviews] if p >= reviews else plan.first[p])
            w.clients.limiter[who] = owner
            w.limiters.qps[owner], w.limiters.burst[owner], w.limiters.tokens[owner] = (
                one.qps,
                one.burst,
                one.burst,
            )


def _shared(share: np.ndarray, count: int) -> np.ndarray:
    """Token of each of ``count`` clients: dealt in turn, so that each token gets its share as nearly as can be."""
    if np.allclose(share, share[0]):
        return np.arange(count) % len(share)
    edges = np.cumsum(share)
    dealt = np.searchsorted(edges, (np.arange(count) + 0.5) / count)
    stride = next(step for step in (7919, 6997, 1) if np.gcd(step, count) == 1)
    return np.minimum(dealt, len(share) - 1)[(np.arange(count) * stride) % count]


def _arrivals(w: World, plan: Plan, p: int, seed: int) -> list[Entry]:
    """First calls of a population."""
    one, x = plan.populations[p], w.populations[p]
    x.key = key_of(seed, 2 * ENTITY_STRIDE + p)
    x.running = 1
    if one.arrivals == "open" and one.rate_per_s > 0.0:
        gap = delay(w.tables, at.EXPONENTIAL, 1.0 / one.rate_per_s, 0, uniform(int(x.key), GAP, 2**30))
        return [(one.start_s + gap, at.OPEN_ARRIVAL, p, int(x.streams))]
    return first_calls(w, plan, p, one.start_s) if one.arrivals == "closed" else []


def first_calls(w: World, plan: Plan, p: int, start: float) -> list[Entry]:
    """First calls of a closed loop."""
    one, x = plan.populations[p], w.populations[p]
    who = slice(plan.first[p], plan.first[p] + one.count)
    keys, wakes = w.clients.key[who], w.clients.wakes[who]
    if one.phase == "think":
        drawn = uniform(keys, THINK, 2**30)
        waits = [delay(w.tables, x.think_law, x.think_mean, x.think_table, float(u)) for u in drawn]
    else:
        waits = uniform(keys, PHASE, wakes) * x.think_mean * (one.phase == "spread")
    return [
        (start + float(t), at.WAKE, plan.first[p] + i, int(n))
        for i, (t, n) in enumerate(zip(waits, wakes, strict=True))
    ]


def _scrapers(w: World, plan: Plan, seed: int) -> list[Entry]:
    laws = plan.scenario.kubelets
    entries: list[Entry] = []
    w.visits.known_until[:], w.visits.refused_until[:], w.visits.allowed_until[:] = -np.inf, -np.inf, -np.inf
    w.visits.review[:] = -1
    for i, one in enumerate(plan.scenario.scrapers):
        x = w.scrapers[i]
        x.key, x.running = key_of(seed, 3 * ENTITY_STRIDE + i), 1
        if laws.warm and laws.count:
            _warm(w, plan, i)
        if not one.evenly:
            entries.append((one.start_s, at.ROUND, i, 0))
            continue
        phases = uniform(int(x.key), SPREAD, np.arange(laws.count)) * one.period_s
        entries += [(one.start_s + float(phase), at.SCRAPE, k, i) for k, phase in enumerate(phases)]
    return entries


def _warm(w: World, plan: Plan, i: int) -> None:
    """Ages as after many rounds: entries expire at some round of their life, each round equally often."""
    laws, one = plan.scenario.kubelets, plan.scenario.scrapers[i]
    index = np.arange(laws.count)
    for place, (name, life) in enumerate(
        (("known_until", laws.ok_ttl_s), ("allowed_until", laws.allowed_ttl_s))
    ):
        drawn = uniform(int(w.scrapers[i].key), PHASE, 2 * index + place)
        rounds = int(life // one.period_s) + 1
        w.visits[name][i, : laws.count] = one.start_s + life - np.floor(drawn * rounds) * one.period_s
