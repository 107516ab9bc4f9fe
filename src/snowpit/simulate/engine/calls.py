"""The client's side: calls, the attempts they make, and what follows an answer.

client-go repeats what was refused with Retry-After in an inner loop; around it lies an
outer law of back-off with a budget of tries. An attempt that is refused before it costs the
server anything still takes a token of the client's own limiter.
"""

from snowpit.mechanism import backoff, circuit_breaker, retry_budget, token_bucket
from snowpit.simulate.engine.agenda import push, push_after
from snowpit.simulate.engine.authentication import allocate
from snowpit.simulate.engine.chance import JITTER, NETWORK, PATIENCE_OF, THINK, delay, uniform
from snowpit.simulate.engine.layout import (
    ABANDONED,
    ARRIVE,
    ATTEMPTS,
    CALLS,
    CLOSED,
    CONSTANT,
    CREATED,
    GIVEN_UP,
    GOODPUT,
    NOBODY,
    NOT_AUTHENTICATED,
    OK,
    ON_ABANDONED,
    ON_REJECTED,
    ON_RESET,
    ON_TIMED_OUT,
    ON_UNAUTHORIZED,
    PATIENCE,
    REFUSALS,
    REJECTED,
    RESET,
    REVIEW,
    SEND,
    SOJOURN,
    TIMED_OUT,
    TIMEOUTS,
    TRAVELLING,
    UNAUTHORIZED,
    WAKE,
    World,
)
from snowpit.simulate.engine.serving import arrive

GOES_ON, GOOD, BAD, NOT_TRUSTED = range(4)
"""How a call stands after an answer: it tries again, ended well, ended badly, ended with a review that says no."""


def begin(w: World, client: int, purpose: int, parent: int) -> int:
    """A new call of a client; ``loop.advance`` sees to it that there is a free record."""
    clock = w.clock[0]
    c = clock.free_call
    call = w.calls[c]
    clock.free_call = call.next
    clock.calls_used += 1
    who = w.clients[client]
    call.used = 1
    call.client = client
    call.population = who.population
    call.purpose = purpose
    call.begun = clock.now
    call.failures = 0
    call.inner = 0
    call.request = NOBODY
    call.parent = parent
    call.next = NOBODY
    call.paid = 0
    call.token = who.token
    call.server = who.server
    who.calls_n += 1
    w.client_counts[who.population, clock.bin, CALLS] += 1.0
    return int(c)


def finish(w: World, c: int) -> None:
    """Give a call record back."""
    clock = w.clock[0]
    call = w.calls[c]
    call.generation += 1
    call.used = 0
    call.next = clock.free_call
    clock.free_call = c
    clock.calls_used -= 1


def start_now(w: World, c: int) -> None:
    """Enter the first attempt of a call into the agenda for this very instant."""
    push_after(w, 0, 0.0, SEND, c, w.calls[c].generation)


def held_back(w: World, c: int) -> bool:
    """Whether the client's own limiter or breaker keeps an attempt back; then it comes later."""
    clock = w.clock[0]
    call = w.calls[c]
    who = w.clients[call.client]
    if who.limiter < 0 or call.paid:
        call.paid = 0
        return False
    own = w.limiters[who.limiter]
    bucket = token_bucket.Bucket(own.tokens, own.at, own.last)
    after, wait = token_bucket.reserve(bucket, own.qps, own.burst, clock.now)
    own.tokens = after.tokens
    own.at = after.at
    own.last = after.last
    if wait <= 0.0:
        return False
    call.paid = 1
    push(w, clock.now + wait, SEND, c, call.generation)
    return True


def send(w: World, c: int) -> int:
    """Make an attempt: the answer if it comes at once, else 0."""
    if held_back(w, c):
        return 0
    clock = w.clock[0]
    call = w.calls[c]
    who = w.clients[call.client]
    population = w.populations[call.population]
    if population.breaker_failures > 0:
        state, may = circuit_breaker.ask(breaker_of(w, call.client), population.breaker_rest, clock.now)
        note_breaker(w, call.client, state)
        if not may:
            return RESET
    w.client_counts[call.population, clock.bin, ATTEMPTS] += 1.0
    who.attempts_n += 1
    if not w.servers[call.server].up:
        call.server = who.server
        if not w.servers[call.server].up:
            return RESET
    r = dispatch(w, c)
    if population.network_mean <= 0.0:
        return arrive(w, r)
    u = uniform(who.key, NETWORK, 2 * who.attempts_n)
    trip = delay(w.tables, population.network_law, population.network_mean, population.network_table, u)
    q = w.requests[r]
    q.stage = TRAVELLING
    q.armed = 1
    push_after(w, population.patience_ring, q.deadline - clock.now, PATIENCE, r, q.generation)
    push(w, clock.now + trip, ARRIVE, r, q.generation)
    return 0


def dispatch(w: World, c: int) -> int:
    """Make the request that carries an attempt."""
    clock = w.clock[0]
    call = w.calls[c]
    who = w.clients[call.client]
    population = w.populations[call.population]
    r = allocate(w)
    q = w.requests[r]
    q.call = c
    q.client = call.client
    q.population = call.population
    q.server = call.server
    q.attached = 1
    q.number = who.attempts_n
    q.token = call.token
    q.credential = population.credential
    q.reviewed = w.reviewed[call.client] if population.operation == REVIEW else 0
    u = 0.5
    if population.patience_law != CONSTANT:
        u = uniform(who.key, PATIENCE_OF, who.attempts_n)
    patience = delay(
        w.tables, population.patience_law, population.patience_mean, population.patience_table, u
    )
    q.deadline = min(clock.now + patience, call.begun + population.bound)
    call.request = r
    return r


def conclude(w: World, c: int, code: int) -> int:
    """An attempt ended: how the call stands. A further attempt is already in the agenda."""
    clock = w.clock[0]
    call = w.calls[c]
    population = w.populations[call.population]
    counts = w.client_counts[call.population, clock.bin]
    if code == OK or code == CREATED or code == NOT_AUTHENTICATED:
        counts[GOODPUT] += 1.0
        counts[SOJOURN] += clock.now - call.begun
        succeeded(w, call.client)
        return NOT_TRUSTED if code == NOT_AUTHENTICATED else GOOD
    if code == REJECTED:
        counts[REFUSALS] += 1.0
        call.inner += 1
        told = w.servers[call.server].retry_after
        wait = backoff.retry_after(told, call.inner, population.inner_tries)
        if wait >= 0.0 and clock.now + wait < call.begun + population.bound:
            push_after(w, population.resend_ring, wait, SEND, c, call.generation)
            return GOES_ON
    elif code == TIMED_OUT or code == ABANDONED:
        counts[TIMEOUTS] += 1.0
    if try_again(w, c, code):
        return GOES_ON
    counts[GIVEN_UP] += 1.0
    return BAD


def retried(code: int, on: int) -> bool:
    """Whether the outer law retries that end of an attempt."""
    if code == REJECTED:
        return on & ON_REJECTED != 0
    if code == TIMED_OUT:
        return on & ON_TIMED_OUT != 0
    if code == ABANDONED:
        return on & ON_ABANDONED != 0
    if code == UNAUTHORIZED:
        return on & ON_UNAUTHORIZED != 0
    return on & ON_RESET != 0


def try_again(w: World, c: int, code: int) -> bool:
    """Enter another outer try into the agenda, if the law, the bound, the budget and the breaker allow one."""
    clock = w.clock[0]
    call = w.calls[c]
    who = w.clients[call.client]
    population = w.populations[call.population]
    failed(w, call.client)
    if not retried(code, population.on):
        return False
    call.failures += 1
    law = backoff.Law(
        population.steps, population.first_delay, population.factor, population.jitter, population.cap
    )
    u = 0.0
    if population.jitter > 0.0:
        u = uniform(who.key, JITTER, who.attempts_n)
    wait = backoff.delay(law, call.failures, u)
    if wait < 0.0 or clock.now + wait >= call.begun + population.bound:
        return False
    if population.budget_share >= 0.0:
        guard = w.guards[call.client]
        guard.budget, may = retry_budget.spend(guard.budget)
        if not may:
            return False
    call.inner = 0
    push_after(w, population.backoff_ring, wait, SEND, c, call.generation)
    return True


def succeeded(w: World, client: int) -> None:
    """What a success means for budget and breaker."""
    who = w.clients[client]
    population = w.populations[who.population]
    if population.budget_share >= 0.0:
        guard = w.guards[client]
        guard.budget = retry_budget.earn(guard.budget, population.budget_share, 10.0)
    if population.breaker_failures > 0:
        note_breaker(w, client, circuit_breaker.succeeded(breaker_of(w, client)))


def failed(w: World, client: int) -> None:
    """What a failure means for the breaker."""
    who = w.clients[client]
    population = w.populations[who.population]
    if population.breaker_failures > 0:
        after = circuit_breaker.failed(breaker_of(w, client), population.breaker_failures, w.clock[0].now)
        note_breaker(w, client, after)


def breaker_of(w: World, client: int) -> circuit_breaker.Breaker:
    """The circuit breaker of a client."""
    guard = w.guards[client]
    return circuit_breaker.Breaker(guard.breaker, guard.failures, guard.opened)


def note_breaker(w: World, client: int, state: circuit_breaker.Breaker) -> None:
    """Write a breaker back."""
    guard = w.guards[client]
    guard.breaker = state.state
    guard.failures = state.failures
    guard.opened = state.opened


def think(w: World, client: int) -> None:
    """A client of a closed loop pauses before its next call."""
    who = w.clients[client]
    population = w.populations[who.population]
    if population.arrivals != CLOSED:
        return
    u = uniform(who.key, THINK, who.calls_n)
    pause = delay(w.tables, population.think_law, population.think_mean, population.think_table, u)
    push_after(w, population.think_ring, pause, WAKE, client, who.wakes)
