"""Authentication at one server: token cache, shared look-ups, and the loopback limiter in front of live reads.

A look-up is a row of reads, each of which takes a token of the server's bucket and then
a read's time. Who asks is a request (``AUTHENTICATING`` before any seat, ``REVIEWING`` on its
seat) or, where misses are coalesced, a detached ``FLIGHT`` with a chain of askers. To 1.17 a
look-up whose asker has gone runs on: *dead work*.
"""

from snowpit.mechanism import line, single_flight, token_bucket, ttl_cache
from snowpit.simulate.engine.agenda import push, push_after
from snowpit.simulate.engine.chance import READ, delay, uniform
from snowpit.simulate.engine.layout import (
    DEAD_LOOKUPS,
    FLIGHT,
    FLIGHT_LIMIT,
    FREE,
    HITS,
    LINE,
    LOOKUPS,
    MISSES,
    NEVER,
    NOBODY,
    READ_DONE,
    READ_READY,
    READS,
    World,
)

PENDING, ACCEPTED, DENIED = 0, 1, 2
LIFO, CODEL = 1, 2
"""Orders of service other than first in, first out, as ``World.clock.order`` has them."""

ALMOST = 1e-9
"""A wait (s) too short to mean anything but rounding."""


def bucket_of(w: World, s: int) -> token_bucket.Bucket:
    """The token bucket of a server's loopback client."""
    server = w.servers[s]
    return token_bucket.Bucket(server.bucket_tokens, server.bucket_at, server.bucket_last)


def set_bucket(w: World, s: int, bucket: token_bucket.Bucket) -> None:
    """Write a bucket back."""
    server = w.servers[s]
    server.bucket_tokens = bucket.tokens
    server.bucket_at = bucket.at
    server.bucket_last = bucket.last


def allocate(w: World) -> int:
    """A free request record; ``loop.advance`` sees to it that there is one."""
    clock = w.clock[0]
    r = clock.free_request
    q = w.requests[r]
    clock.free_request = q.next
    clock.requests_used += 1
    q.used = 1
    q.attached = 0
    q.fate = 0
    q.looking = 0
    q.dead = 0
    q.armed = 0
    q.refused = 0
    q.joined = 0
    q.act_at = clock.now
    q.deadline = NEVER
    q.next = NOBODY
    return int(r)


def release(w: World, r: int) -> None:
    """Give a request record back; entries of the agenda that still name it become void."""
    clock = w.clock[0]
    q = w.requests[r]
    q.generation += 1
    q.used = 0
    q.stage = FREE
    q.next = clock.free_request
    clock.free_request = r
    clock.requests_used -= 1


def authenticate(w: World, r: int, token: int, credential: int) -> int:
    """Authenticate a credential for request ``r``: ``ACCEPTED``, ``DENIED``, or ``PENDING`` on a look-up."""
    clock = w.clock[0]
    s = w.requests[r].server
    server = w.servers[s]
    price = w.prices[s, credential]
    if price.cached:
        if ttl_cache.fresh(w.expiry[s, token], clock.now):
            w.server_counts[s, clock.bin, HITS] += 1.0
            if server.bounded:
                touch(w, s, token)
            return ACCEPTED
        w.server_counts[s, clock.bin, MISSES] += 1.0
    reads = price.reads
    if clock.now < server.synced_at:
        reads = price.unsynced_reads
    if reads > 0:
        look_up(w, r, token if price.cached else NOBODY, reads, price.accepted)
        return PENDING
    if not price.accepted:
        return DENIED
    if price.cached:
        keep(w, s, token, server.success_ttl)
    return ACCEPTED


def look_up(w: World, r: int, token: int, reads: int, accepted: int) -> None:
    """Look a token up on behalf of ``r``, or join the look-up that is under way."""
    q = w.requests[r]
    server = w.servers[q.server]
    if not server.coalesces or token == NOBODY:
        begin_reads(w, r, token, reads, accepted)
        return
    state = w.flights[q.server, token]
    flight, leads = single_flight.join(
        single_flight.Flight(state.flying != 0, state.askers, state.started), w.clock[0].now
    )
    if leads:
        state.first = r
    else:
        w.requests[state.last].next = r
    state.last = r
    q.joined = 1
    state.flying = 1
    state.askers = flight.askers
    state.started = flight.started
    if leads:
        x = allocate(w)
        w.requests[x].server = q.server
        w.requests[x].stage = FLIGHT
        if server.lookup_limit > 0.0:
            push(w, flight.started + server.lookup_limit, FLIGHT_LIMIT, x, w.requests[x].generation)
        begin_reads(w, x, token, reads, accepted)


def dead_reads(w: World, s: int, count: int) -> None:
    """Reads that nobody waits for, queued at a server's limiter; the caller saw to it that there is room."""
    for _ in range(count):
        x = allocate(w)
        q = w.requests[x]
        q.server = s
        q.stage = FLIGHT
        q.dead = 1
        w.servers[s].dead_work += 1
        begin_reads(w, x, NOBODY, 1, 1)


def begin_reads(w: World, x: int, token: int, reads: int, accepted: int) -> None:
    """Start the row of reads of one look-up."""
    q = w.requests[x]
    q.looking = 1
    q.looked_up = token
    q.reads_left = reads
    q.accepted = accepted
    reserve_read(w, x)


def reserve_read(w: World, x: int) -> None:
    """Take a token of the loopback limiter for the next read."""
    clock = w.clock[0]
    q = w.requests[x]
    server = w.servers[q.server]
    if server.qps <= 0.0:
        start_read(w, x)
        return
    if clock.order != 0:
        stand_in_line(w, x)
        return
    bucket = bucket_of(w, q.server)
    patience = NEVER
    if clock.refuses_hopeless:
        patience = q.deadline - clock.now
    after, wait, taken = token_bucket.reserve_within(bucket, server.qps, server.burst, clock.now, patience)
    if not taken:
        q.accepted = 0
        q.reads_left = 1
        push(w, clock.now, READ_DONE, x, q.generation)
        return
    set_bucket(w, q.server, after)
    q.act_at = clock.now + wait
    if wait <= 0.0:
        start_read(w, x)
    else:
        push_after(w, server.ring, wait, READ_READY, x, q.generation)


def start_read(w: World, x: int) -> None:
    """The limiter let a read pass: it takes its time at etcd."""
    clock = w.clock[0]
    q = w.requests[x]
    server = w.servers[q.server]
    w.server_counts[q.server, clock.bin, READS] += 1.0
    u = uniform(server.key, READ, server.reads_drawn)
    server.reads_drawn += 1
    took = delay(w.tables, server.read_law, server.read_mean, server.read_table, u) * server.etcd
    push(w, clock.now + took, READ_DONE, x, q.generation)


def after_read(w: World, x: int) -> int:
    """A read came back: ``PENDING`` if another follows, else how the look-up ended; fills the cache."""
    q = w.requests[x]
    clock = w.clock[0]
    q.reads_left -= 1
    if q.accepted and q.reads_left > 0:
        reserve_read(w, x)
        return PENDING
    q.looking = 0
    server = w.servers[q.server]
    counts = w.server_counts[q.server, clock.bin]
    counts[LOOKUPS] += 1.0
    if q.dead:
        counts[DEAD_LOOKUPS] += 1.0
        server.dead_work -= 1
    if not q.accepted:
        if q.looked_up != NOBODY:
            keep(w, q.server, q.looked_up, server.failure_ttl)
        return DENIED
    if q.looked_up != NOBODY and (clock.dead_fills or not q.dead):
        keep(w, q.server, q.looked_up, server.success_ttl)
    return ACCEPTED


def abandon(w: World, r: int) -> None:
    """Nobody waits for this look-up any more. It runs on, unless the what-if switch cancels it."""
    q = w.requests[r]
    if not q.looking or q.dead:
        return
    clock = w.clock[0]
    server = w.servers[q.server]
    q.dead = 1
    server.dead_work += 1
    if not clock.cancels or clock.now >= q.act_at:
        return
    if clock.order == 0:
        bucket = bucket_of(w, q.server)
        after = token_bucket.give_back(bucket, server.qps, server.burst, clock.now, q.act_at)
        set_bucket(w, q.server, after)
    server.dead_work -= 1
    q.looking = 0


def keep(w: World, s: int, token: int, ttl: float) -> None:
    """Keep an answer in the token cache; old versions evict what a full stripe used least recently."""
    now = w.clock[0].now
    if ttl <= 0.0:
        return
    w.expiry[s, token] = ttl_cache.kept_until(w.expiry[s, token], now, ttl)
    if not w.servers[s].bounded:
        return
    size = w.clock[0].stripe_size
    start = w.stripe_of[token] * size
    keys = w.stripe_keys[s, start : start + size]
    used = w.stripe_used[s, start : start + size]
    slot = ttl_cache.slot_for(keys, used, token)
    if keys[slot] != token and keys[slot] != ttl_cache.FREE:
        w.expiry[s, keys[slot]] = ttl_cache.NEVER
    ttl_cache.store(keys, used, token, now)


def touch(w: World, s: int, token: int) -> None:
    """Note that a bounded cache used this token now."""
    size = w.clock[0].stripe_size
    start = w.stripe_of[token] * size
    slot = ttl_cache.slot_of(w.stripe_keys[s, start : start + size], token)
    if slot >= 0:
        w.stripe_used[s, start + slot] = w.clock[0].now


def stand_in_line(w: World, x: int) -> None:
    """What-if: wait in the driver's own line instead of reserving."""
    clock = w.clock[0]
    q = w.requests[x]
    server = w.servers[q.server]
    places = w.line.shape[1]
    q.act_at = NEVER
    q.lined_up = clock.now
    place = w.line[q.server, (server.line_head + server.line_n) & (places - 1)]
    place.a = x
    place.b = q.generation
    server.line_n += 1
    serve_line(w, q.server)


def serve_line(w: World, s: int) -> None:
    """Let those in line pass for whom a token is there, then come back when the next one is."""
    clock = w.clock[0]
    server = w.servers[s]
    while server.line_n > 0:
        bucket = bucket_of(w, s)
        wait = token_bucket.wait_for(bucket, server.qps, server.burst, clock.now)
        if wait > ALMOST:
            if not server.line_due:
                server.line_due = 1
                push(w, clock.now + wait, LINE, s, 0)
            return
        x = next_in_line(w, s)
        if x == NOBODY:
            continue
        after, _ = token_bucket.reserve(bucket, server.qps, server.burst, clock.now)
        set_bucket(w, s, after)
        w.requests[x].act_at = clock.now
        start_read(w, x)


def next_in_line(w: World, s: int) -> int:
    """Take the next waiter out of the line; ``NOBODY`` if it has gone or CoDel drops it."""
    clock = w.clock[0]
    server = w.servers[s]
    places = w.line.shape[1]
    order = line.LIFO if clock.order == LIFO else line.FIFO
    position = line.position(server.line_n, order)
    place = w.line[s, (server.line_head + position) & (places - 1)]
    server.line_n -= 1
    if order == line.FIFO:
        server.line_head = (server.line_head + 1) & (places - 1)
    q = w.requests[place.a]
    if q.generation != place.b or not q.looking:
        return NOBODY
    if clock.order == CODEL:
        state = line.Codel(server.codel_least, server.codel_until, server.codel_overloaded != 0)
        state, drop = line.codel(
            state, line.CODEL_TARGET_S, line.CODEL_INTERVAL_S, clock.now, clock.now - q.lined_up
        )
        server.codel_least = state.least
        server.codel_until = state.until
        server.codel_overloaded = 1 if state.overloaded else 0
        if drop:
            q.accepted = 0
            q.reads_left = 1
            push(w, clock.now, READ_DONE, place.a, place.b)
            return NOBODY
    return int(place.a)
