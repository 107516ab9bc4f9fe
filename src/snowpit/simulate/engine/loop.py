"""The loop: the earliest entry of the agenda, time and again."""

from snowpit.mechanism import priority_levels, token_bucket
from snowpit.simulate.engine import authentication, calls, fair_queues, kubelets, serving
from snowpit.simulate.engine.agenda import PER_SECOND, drop_first, drop_head, empty, heap_first, pour, push
from snowpit.simulate.engine.chance import GAP, TOKEN, delay, uniform
from snowpit.simulate.engine.layout import (
    ACCESS,
    ADDED,
    ADJUST,
    ANSWER,
    ANSWERED,
    ARRIVE,
    ATTEMPTS,
    BACKLOG,
    CALLS,
    DEAD_READS,
    DEAD_WORK,
    DONE,
    EXPONENTIAL,
    EXTRA,
    FILTER_LIMIT,
    FLIGHT_LIMIT,
    FREE,
    FRESH,
    GOODPUT,
    GROW_AGENDA,
    GROW_CALLS,
    GROW_REQUESTS,
    HANDLER_LIMIT,
    HANDLING,
    IN_AUTHENTICATION,
    IN_QUEUES,
    LINE,
    NOBODY,
    OFFERED,
    OPEN_ARRIVAL,
    OWN,
    PATIENCE,
    QUEUE_LIMIT,
    READ_DONE,
    READ_READY,
    RESET,
    REVIEWED,
    ROUND,
    ROWS_FULL,
    SCRAPE,
    SEATS_BACK,
    SEATS_MUTATING,
    SEATS_READONLY,
    SEND,
    SERVED,
    SOJOURN,
    TRAVELLING,
    WAIT,
    WAKE,
    World,
)

MARGIN = 64
"""Records that the handling of one entry may take, beyond those counted by ``World.clock.fan_out``."""


def advance(w: World, until: float) -> int:
    """Run to ``until`` (s); give ``DONE`` or what has to grow first. May be called again at once."""
    clock = w.clock[0]
    while True:
        wanted = room(w)
        if wanted != DONE:
            return wanted
        from_heap = heap_first(w)
        time = clock.ring_time
        if from_heap:
            time = w.heap[0].time
        if time * PER_SECOND >= clock.slot and (clock.wheel_n > 0 or time < until):
            turn(w, time)
            continue
        while clock.bin < clock.bins and clock.bin_end <= min(time, until):
            sample(w)
        if time >= until:
            clock.now = until
            return DONE
        if from_heap:
            entry = w.heap[0]
        else:
            entry = w.slots[clock.ring, w.rings[clock.ring].head]
        kind = entry.kind
        a = entry.a
        b = entry.b
        if from_heap:
            drop_first(w)
        else:
            drop_head(w, clock.ring)
        clock.now = time
        clock.events += 1
        happen(w, kind, a, b)


def turn(w: World, time: float) -> None:
    """Let the wheel turn on by a slot, or at once to an instant if it is empty."""
    clock = w.clock[0]
    if clock.wheel_n > 0:
        pour(w)
    else:
        clock.slot = int(time * PER_SECOND) + 1


def agenda_room(w: World) -> int:
    """Entries that the agenda has room for."""
    return int(w.heap.shape[0] - w.clock[0].heap_n - w.clock[0].wheel_n)


def margin(w: World) -> int:
    """Entries of the agenda that the handling of one entry may add at most."""
    clock = w.clock[0]
    return int(MARGIN + clock.fan_out + 4 * clock.requests_used + clock.calls_used)


def room(w: World) -> int:
    """Whether every pool has room for whatever the next entry may need."""
    clock = w.clock[0]
    if agenda_room(w) < margin(w):
        return GROW_AGENDA
    if w.calls.shape[0] - clock.calls_used < MARGIN + clock.calls_used:  # each scrape may ask for access
        return GROW_CALLS
    if w.requests.shape[0] - clock.requests_used < MARGIN:
        return GROW_REQUESTS
    if clock.keep_rows and w.rows.shape[0] - clock.rows_n < MARGIN + clock.requests_used:
        return ROWS_FULL
    return DONE


def happen(w: World, kind: int, a: int, b: int) -> None:
    """Handle one entry."""
    if kind == SEND:
        if w.calls[a].generation == b:
            answer(w, a, calls.send(w, a))
    elif kind == WAKE:
        wake(w, a, b)
    elif kind == SERVED or kind == READ_DONE or kind == READ_READY:
        work(w, kind, a, b)
    elif kind == ANSWER:
        if w.calls[a].generation == b // serving.CODES:
            answer(w, a, b % serving.CODES)
    elif kind == PATIENCE or kind == FILTER_LIMIT or kind == HANDLER_LIMIT or kind == QUEUE_LIMIT:
        limit(w, kind, a, b)
    else:
        seldom(w, kind, a, b)


def work(w: World, kind: int, r: int, generation: int) -> None:
    """Something at a server is done."""
    q = w.requests[r]
    if q.generation != generation:
        return
    if kind == READ_READY:
        if q.looking:
            authentication.start_read(w, r)
    elif kind == READ_DONE:
        serving.read_done(w, r)
    elif q.stage == HANDLING:
        c = q.call
        answer(w, c, serving.served(w, r))


def limit(w: World, kind: int, r: int, generation: int) -> None:
    """A time limit strikes."""
    if w.requests[r].generation != generation:
        return
    c = w.requests[r].call
    if kind == PATIENCE:
        code = serving.patience_over(w, r)
    elif kind == FILTER_LIMIT:
        code = serving.outer_limit(w, r)
    elif kind == HANDLER_LIMIT:
        code = serving.handler_limit(w, r)
    else:
        code = serving.queue_limit(w, r)
    answer(w, c, code)


def seldom(w: World, kind: int, a: int, b: int) -> None:
    """Entries that come up rarely."""
    if kind == SCRAPE:
        kubelets.scrape(w, a, b)
    elif kind == ROUND:
        kubelets.scrape_round(w, a)
    elif kind == OPEN_ARRIVAL:
        open_arrival(w, a, b)
    elif kind == EXTRA:
        start(w, a, ADDED)
    elif kind == ARRIVE:
        if w.requests[a].generation == b and w.requests[a].stage == TRAVELLING:
            c = w.requests[a].call
            answer(w, c, serving.arrive(w, a))
    elif kind == FLIGHT_LIMIT:
        if w.requests[a].generation == b:
            serving.cut_flight(w, a)
    elif kind == SEATS_BACK:
        serving.final_seats_back(w, a, b)
    elif kind == LINE or kind == DEAD_READS:
        at_limiter(w, kind, a, b)
    elif kind == ADJUST:
        fair_queues.adjust(w, a)
        for level in range(w.levels.shape[1]):
            serving.call_next(w, a, level)
        push(w, w.clock[0].now + priority_levels.ADJUST_PERIOD_S, ADJUST, a, 0)


def at_limiter(w: World, kind: int, s: int, reads: int) -> None:
    """A server's limiter lets the next one in line pass, or gets reads that nobody waits for."""
    if kind == DEAD_READS:
        authentication.dead_reads(w, s, reads)
    else:
        w.servers[s].line_due = 0
        authentication.serve_line(w, s)


def answer(w: World, c: int, code: int) -> None:
    """An answer reaches its call; 0 is none yet."""
    if code == 0:
        return
    outcome = calls.conclude(w, c, code)
    if outcome == calls.GOES_ON:
        return
    call = w.calls[c]
    if call.purpose == REVIEWED:
        kubelets.reviewed(w, c, outcome)
    elif call.purpose == ACCESS:
        kubelets.allowed(w, c, outcome)
    else:
        client = call.client
        own = call.purpose == OWN
        calls.finish(w, c)
        if own:
            calls.think(w, client)


def wake(w: World, client: int, wakes: int) -> None:
    """A client of a closed loop begins its next call."""
    who = w.clients[client]
    population = w.populations[who.population]
    if who.wakes != wakes or not population.running:
        return
    if population.light and not w.clock[0].exact and idle(w, who.server):
        counted(w, client)
        calls.think(w, client)
        return
    start(w, client, OWN)


def start(w: World, client: int, purpose: int) -> None:
    """Begin a call and send its first attempt."""
    c = calls.begin(w, client, purpose, NOBODY)
    answer(w, c, calls.send(w, c))


def idle(w: World, s: int) -> bool:
    """Whether a server's gate is so far from full that a light request meets nobody."""
    server = w.servers[s]
    return bool(server.up and not server.fair and 8 * server.mutating_taken < 7 * server.mutating_limit)


def counted(w: World, client: int) -> None:
    """Count a light request without simulating it (switch ``heartbeats_exact`` off)."""
    who = w.clients[client]
    population = w.populations[who.population]
    clock = w.clock[0]
    who.calls_n += 1
    who.attempts_n += 1
    mine = w.client_counts[who.population, clock.bin]
    mine[CALLS] += 1.0
    mine[ATTEMPTS] += 1.0
    mine[GOODPUT] += 1.0
    mine[SOJOURN] += population.service_mean
    counts = w.server_counts[who.server, clock.bin]
    counts[OFFERED] += 1.0
    counts[ANSWERED] += 1.0


def open_arrival(w: World, population: int, generation: int) -> None:
    """One call of a Poisson stream; the stream goes on."""
    p = w.populations[population]
    if not p.running or p.streams != generation:
        return
    n = p.arrivals_drawn
    p.arrivals_drawn += 1
    gap = delay(w.tables, EXPONENTIAL, 1.0 / p.rate, 0, uniform(p.key, GAP, n))
    push(w, w.clock[0].now + gap, OPEN_ARRIVAL, population, generation)
    client = p.first + n % p.count
    c = calls.begin(w, client, ADDED, NOBODY)
    if p.token_count > p.count:
        w.calls[c].token = p.token_base + drawn_token(w, population, uniform(p.key, TOKEN, n))
    answer(w, c, calls.send(w, c))


def drawn_token(w: World, population: int, u: float) -> int:
    """A token of a population, by weight: the first whose cumulative weight reaches u."""
    p = w.populations[population]
    low = 0
    high = p.token_count - 1
    while low < high:
        middle = (low + high) // 2
        if w.weights[p.token_base + middle] < u:
            low = middle + 1
        else:
            high = middle
    return low


def sample(w: World) -> None:
    """Write the state of every server at the end of a bin."""
    clock = w.clock[0]
    at = clock.bin_end
    for s in range(w.servers.shape[0]):
        server = w.servers[s]
        counts = w.server_counts[s, clock.bin]
        if server.qps > 0.0:
            level = token_bucket.level(authentication.bucket_of(w, s), server.qps, server.burst, at)
            counts[BACKLOG] = max(0.0, -level) + server.line_n
            counts[WAIT] = max(0.0, (server.line_n - level) / server.qps)
        counts[SEATS_MUTATING] = server.mutating_taken
        counts[SEATS_READONLY] = server.readonly_taken
        if server.fair:
            for i in range(w.levels.shape[1]):
                counts[SEATS_MUTATING] += w.levels[s, i].in_use
        counts[IN_QUEUES] = server.queued
        counts[IN_AUTHENTICATION] = server.authenticating
        counts[DEAD_WORK] = server.dead_work
        fresh_tokens = 0.0
        for token in range(w.expiry.shape[1]):
            if w.expiry[s, token] > at:
                fresh_tokens += 1.0
        counts[FRESH] = fresh_tokens
    clock.bin += 1
    clock.bin_end = (clock.bin + 1) * clock.bin_s


def reset_server(w: World, s: int) -> None:
    """A server starts anew: bucket full, caches, seats and queues empty; its clients lose their connections."""
    clock = w.clock[0]
    server = w.servers[s]
    authentication.set_bucket(w, s, token_bucket.full(server.burst, clock.now))
    server.mutating_taken = 0
    server.readonly_taken = 0
    server.authenticating = 0
    server.dead_work = 0
    server.queued = 0
    server.line_n = 0
    empty(w, server.ring)
    for token in range(w.expiry.shape[1]):
        w.expiry[s, token] = float("-inf")
        w.flights[s, token].flying = 0
        w.flights[s, token].askers = 0
    for i in range(w.stripe_keys.shape[1]):
        w.stripe_keys[s, i] = -1
    reset_levels(w, s)
    for r in range(w.requests.shape[0]):
        q = w.requests[r]
        if q.used and q.server == s and q.stage != FREE:
            call = serving.forget(w, r)
            if call != NOBODY:
                serving.reply(w, call, RESET)


def reset_levels(w: World, s: int) -> None:
    """Empty the priority levels of a server."""
    for i in range(w.levels.shape[1]):
        v = w.levels[s, i]
        v.in_use = 0
        v.executing = 0
        v.waiting = 0
        v.active = 0
        v.at = w.clock[0].now
    for i in range(w.queues.shape[1]):
        line = w.queues[s, i]
        line.waiting = 0
        line.executing = 0
        w.queue_work[s, i] = 0.0
        w.head_work[s, i] = -1.0
