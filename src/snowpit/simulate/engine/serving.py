"""The path of one attempt through a server: authentication, then a seat, then the handler.

Functions give the answer for the attempt's own client where there is one at once, else 0.
To 1.20 a client that hangs up frees nothing: its request goes on inside (``attached`` 0). The
outer limit answers 504 and leaves the handler on its seat; the limit inside create handlers
answers 504 and frees the seat, while the look-up runs on.
"""

from snowpit.mechanism import seats
from snowpit.simulate.engine import fair_queues
from snowpit.simulate.engine.agenda import push, push_after
from snowpit.simulate.engine.authentication import (
    ACCEPTED,
    DENIED,
    PENDING,
    abandon,
    after_read,
    authenticate,
    release,
)
from snowpit.simulate.engine.chance import NETWORK, SERVICE, SHED, delay, uniform
from snowpit.simulate.engine.layout import (
    ABANDONED,
    ANSWER,
    ANSWERED,
    AUTHENTICATING,
    CREATED,
    DEAD,
    FAILED,
    FILTER_LIMIT,
    FLIGHT,
    FREE,
    HANDLER_LIMIT,
    HANDLING,
    LATE,
    NOBODY,
    NOT_AUTHENTICATED,
    OFFERED,
    OK,
    PATIENCE,
    QUEUE_LIMIT,
    QUEUED,
    REFUSED,
    REJECTED,
    REVIEW,
    REVIEWING,
    REVIEWS,
    SEATS_BACK,
    SERVED,
    TIMED_OUT,
    UNAUTHORIZED,
    UNKNOWN,
    WASTED,
    World,
)

CODES = 2048
"""An agenda entry carries an answer and the generation of its call in one number: generation * CODES + code."""


def arrive(w: World, r: int) -> int:
    """An attempt reaches its server."""
    clock = w.clock[0]
    q = w.requests[r]
    server = w.servers[q.server]
    population = w.populations[q.population]
    w.server_counts[q.server, clock.bin, OFFERED] += 1.0
    q.arrived = clock.now
    q.stamped = clock.now
    if population.shed > 0.0:
        client = w.clients[q.client]
        if uniform(client.key, SHED, q.number) < population.shed:
            return end(w, r, REJECTED)
    verdict = authenticate(w, r, q.token, q.credential)
    if verdict == ACCEPTED:
        return admit(w, r)
    if verdict == DENIED:
        return end(w, r, UNAUTHORIZED)
    q.stage = AUTHENTICATING
    server.authenticating += 1
    arm(w, r)
    return 0


def admit(w: World, r: int) -> int:
    """Past authentication and the audit stamp: take a seat, or be refused."""
    clock = w.clock[0]
    q = w.requests[r]
    server = w.servers[q.server]
    if not server.stamps_arrival:
        q.stamped = clock.now
    if server.fair:
        return admit_fairly(w, r)
    population = w.populations[q.population]
    state = seats_of(w, q.server, population.mutating)
    limit = server.readonly_limit
    if population.mutating:
        limit = server.mutating_limit
    if population.masters:
        state, fate = seats.take_privileged(state, limit)
    else:
        state, fate = seats.take(state, limit)
    set_seats(w, q.server, population.mutating, state)
    q.fate = fate
    if fate == seats.REJECTED:
        return end(w, r, REJECTED)
    return handle(w, r)


def seats_of(w: World, s: int, mutating: int) -> seats.Seats:
    """The state of a server's pool of seats."""
    server = w.servers[s]
    if mutating:
        return seats.Seats(server.mutating_taken, server.mutating_rejected)
    return seats.Seats(server.readonly_taken, server.readonly_rejected)


def set_seats(w: World, s: int, mutating: int, state: seats.Seats) -> None:
    """Write a pool's state back."""
    server = w.servers[s]
    if mutating:
        server.mutating_taken = state.taken
        server.mutating_rejected = state.rejected
    else:
        server.readonly_taken = state.taken
        server.readonly_rejected = state.rejected


def admit_fairly(w: World, r: int) -> int:
    """The same under priority and fairness: execute, wait in a queue, or be refused."""
    fate = fair_queues.arrive(w, r)
    q = w.requests[r]
    if fate == fair_queues.REJECT:
        return end(w, r, REJECTED)
    if fate == fair_queues.EXECUTE:
        return handle(w, r)
    server = w.servers[q.server]
    q.stage = QUEUED
    server.queued += 1
    call_next(w, q.server, q.level)
    if q.stage == QUEUED:
        arm(w, r)
        push_after(w, server.queue_ring, server.queue_wait, QUEUE_LIMIT, r, q.generation)
    return 0


def call_next(w: World, s: int, level: int) -> None:
    """Let waiting requests of a level begin while there are seats for them."""
    while True:
        r = fair_queues.dispatch(w, s, level)
        if r == NOBODY:
            return
        w.servers[s].queued -= 1
        handle(w, r)


def handle(w: World, r: int) -> int:
    """The handler begins. Its answer always comes later."""
    q = w.requests[r]
    server = w.servers[q.server]
    population = w.populations[q.population]
    client = w.clients[q.client]
    u = uniform(client.key, SERVICE, q.number)
    took = delay(w.tables, population.service_law, population.service_mean, population.service_table, u)
    if population.etcd:
        took *= server.etcd
    if not q.attached:
        took = 0.0
    q.service = took
    if population.operation == REVIEW:
        verdict = authenticate(w, r, q.reviewed, population.reviewed_credential)
        if verdict == PENDING:
            q.stage = REVIEWING
            push_after(w, server.handler_ring, server.handler_limit, HANDLER_LIMIT, r, q.generation)
            arm(w, r)
            return 0
        q.refused = 1 if verdict == DENIED else 0
    serve(w, r)
    return 0


def serve(w: World, r: int) -> None:
    """The handler's own work; limits are entered into the agenda only if they could strike."""
    clock = w.clock[0]
    q = w.requests[r]
    server = w.servers[q.server]
    q.stage = HANDLING
    done = clock.now + q.service
    push(w, done, SERVED, r, q.generation)
    if w.populations[q.population].mutating and q.service >= server.handler_limit:
        push_after(w, server.handler_ring, server.handler_limit, HANDLER_LIMIT, r, q.generation)
    if done >= q.deadline or done >= q.arrived + server.filter_limit:
        arm(w, r)


def arm(w: World, r: int) -> None:
    """Enter the client's patience and the outer limit into the agenda, once."""
    q = w.requests[r]
    if q.armed or not q.attached:
        return
    q.armed = 1
    now = w.clock[0].now
    server = w.servers[q.server]
    push_after(w, w.populations[q.population].patience_ring, q.deadline - now, PATIENCE, r, q.generation)
    left = q.arrived + server.filter_limit - now
    push_after(w, server.filter_ring, left, FILTER_LIMIT, r, q.generation)


def served(w: World, r: int) -> int:
    """The handler returns."""
    q = w.requests[r]
    population = w.populations[q.population]
    if not q.attached and q.service <= 0.0:
        return end(w, r, FAILED)
    if population.operation != REVIEW:
        return end(w, r, CREATED if population.mutating else OK)
    w.server_counts[q.server, w.clock[0].bin, REVIEWS] += 1.0
    return end(w, r, NOT_AUTHENTICATED if q.refused else CREATED)


def end(w: World, r: int, code: int) -> int:
    """The request is over inside the server: seat back, row written; the answer goes to a client that waits."""
    clock = w.clock[0]
    q = w.requests[r]
    counts = w.server_counts[q.server, clock.bin]
    if code == REJECTED:
        counts[REFUSED] += 1.0
    elif code == TIMED_OUT:
        counts[LATE] += 1.0
    elif code == UNAUTHORIZED:
        counts[UNKNOWN] += 1.0
    elif q.attached:
        counts[ANSWERED] += 1.0
    if not q.attached:
        counts[WASTED] += 1.0
    if clock.keep_rows:
        write_row(w, r, code)
    seat_back(w, r)
    answer = detach(w, r, code)
    abandon(w, r)
    if q.looking or q.joined:
        q.stage = DEAD
    else:
        release(w, r)
    return answer


def seat_back(w: World, r: int) -> None:
    """Give back the seat that a request holds, and let the next one in."""
    q = w.requests[r]
    server = w.servers[q.server]
    population = w.populations[q.population]
    if server.fair:
        if q.fate == seats.SEATED:
            q.fate = seats.PASSED
            if population.final_seats > 0:
                fair_queues.keep_final_seats(w, r)
                push(
                    w,
                    w.clock[0].now + population.final_s,
                    SEATS_BACK,
                    q.server,
                    q.level * CODES + population.final_seats,
                )
            fair_queues.leave(w, r)
            call_next(w, q.server, q.level)
        return
    if q.fate != seats.SEATED:
        return
    state = seats_of(w, q.server, population.mutating)
    set_seats(w, q.server, population.mutating, seats.give_back(state, q.fate))
    q.fate = seats.PASSED


def final_seats_back(w: World, s: int, packed: int) -> None:
    """The seats that a watched write held after its end are free."""
    level = packed // CODES
    fair_queues.give_back(w, s, level, packed % CODES)
    call_next(w, s, level)


def detach(w: World, r: int, code: int) -> int:
    """Part an attempt from its client: the answer if it arrives at once, 0 if it travels or nobody waits."""
    q = w.requests[r]
    if not q.attached:
        return 0
    q.attached = 0
    w.calls[q.call].request = NOBODY
    population = w.populations[q.population]
    if population.network_mean <= 0.0:
        return code
    client = w.clients[q.client]
    u = uniform(client.key, NETWORK, 2 * q.number + 1)
    trip = delay(w.tables, population.network_law, population.network_mean, population.network_table, u)
    push(w, w.clock[0].now + trip, ANSWER, q.call, w.calls[q.call].generation * CODES + code)
    return 0


def reply(w: World, call: int, code: int) -> None:
    """Enter an answer into the agenda for this very instant."""
    if code != 0:
        push_after(w, 0, 0.0, ANSWER, call, w.calls[call].generation * CODES + code)


def write_row(w: World, r: int, code: int) -> None:
    """Write the request as the audit log would show it."""
    clock = w.clock[0]
    q = w.requests[r]
    row = w.rows[clock.rows_n]
    clock.rows_n += 1
    row.received = q.stamped
    row.finished = clock.now
    row.arrived = q.arrived
    row.client = q.client
    row.population = q.population
    row.server = q.server
    row.code = code
    row.token = q.token
    row.reviewed = q.reviewed


def read_done(w: World, x: int) -> None:
    """A loopback read came back: go on with whoever waited for the look-up."""
    verdict = after_read(w, x)
    if verdict == PENDING:
        return
    q = w.requests[x]
    if q.stage != FLIGHT:
        resume(w, x, verdict)
        return
    land(w, x, verdict)


def land(w: World, x: int, verdict: int) -> None:
    """A shared look-up ended: all its askers go on, in the order in which they came."""
    q = w.requests[x]
    if q.looked_up != NOBODY:
        state = w.flights[q.server, q.looked_up]
        r = state.first
        state.flying = 0
        state.askers = 0
        state.first = NOBODY
        while r != NOBODY:
            following = w.requests[r].next
            w.requests[r].next = NOBODY
            w.requests[r].joined = 0
            resume(w, r, verdict)
            r = following
    if not q.looking:
        release(w, x)


def cut_flight(w: World, x: int) -> None:
    """A shared look-up reached its own time limit: askers get an error, the reads come back to nobody."""
    q = w.requests[x]
    q.accepted = 0
    land(w, x, DENIED)
    q.looked_up = NOBODY
    abandon(w, x)


def resume(w: World, r: int, verdict: int) -> None:
    """Go on after a look-up."""
    q = w.requests[r]
    stage = q.stage
    if stage == DEAD:
        release(w, r)
    elif stage == REVIEWING:
        q.refused = 1 if verdict == DENIED else 0
        serve(w, r)
    elif stage == AUTHENTICATING:
        w.servers[q.server].authenticating -= 1
        call = q.call
        if verdict == DENIED:
            reply(w, call, end(w, r, UNAUTHORIZED))
        else:
            reply(w, call, admit(w, r))


def patience_over(w: World, r: int) -> int:
    """The client hangs up."""
    q = w.requests[r]
    if not q.attached:
        return 0
    q.attached = 0
    w.calls[q.call].request = NOBODY
    leave_inside(w, r)
    return ABANDONED


def outer_limit(w: World, r: int) -> int:
    """--request-timeout is over: 504 to the client. The handler keeps its seat until it returns."""
    q = w.requests[r]
    if not q.attached:
        return 0
    w.server_counts[q.server, w.clock[0].bin, LATE] += 1.0
    answer = detach(w, r, TIMED_OUT)
    leave_inside(w, r)
    return answer


def leave_inside(w: World, r: int) -> None:
    """What a client's leaving, or its 504, means inside the server, by version."""
    q = w.requests[r]
    server = w.servers[q.server]
    if q.stage == AUTHENTICATING:
        abandon(w, r)
        if not q.looking:
            server.authenticating -= 1
            end(w, r, FAILED)
    elif q.stage == QUEUED:
        server.queued -= 1
        fair_queues.withdraw(w, r)
        end(w, r, REJECTED)
    elif server.frees_on_disconnect and (q.stage == HANDLING or q.stage == REVIEWING):
        end(w, r, FAILED)


def handler_limit(w: World, r: int) -> int:
    """The time limit inside create, update, patch and delete handlers: 504, and the seat is free."""
    q = w.requests[r]
    if q.stage == REVIEWING or q.stage == HANDLING:
        return end(w, r, TIMED_OUT)
    return 0


def queue_limit(w: World, r: int) -> int:
    """Waited too long in a queue of priority and fairness: 429."""
    q = w.requests[r]
    if q.stage != QUEUED:
        return 0
    w.servers[q.server].queued -= 1
    fair_queues.withdraw(w, r)
    return end(w, r, REJECTED)


def forget(w: World, r: int) -> int:
    """The server died: give the call that waited for this request, or ``NOBODY``; release the record."""
    q = w.requests[r]
    call = q.call if q.attached else NOBODY
    if q.attached:
        w.calls[q.call].request = NOBODY
        q.attached = 0
    if q.stage != FREE:
        release(w, r)
    return int(call)
