"""Priority and fairness at one server: levels with seats of their own, and fair queues inside them."""

from snowpit.mechanism import fair_queue, priority_levels, seats, shuffle_sharding
from snowpit.simulate.engine.layout import NOBODY, World

EXECUTE, QUEUE, REJECT = fair_queue.EXECUTE, fair_queue.QUEUE, fair_queue.REJECT


def advance_virtual(w: World, s: int, level: int) -> None:
    """Bring a level's virtual time and its record of demand up to now."""
    v = w.levels[s, level]
    now = w.clock[0].now
    span = now - v.at
    wanted = v.in_use + v.waiting
    if span > 0.0:
        v.virtual += span * fair_queue.rate_of_virtual_time(wanted, v.limit, v.active)
        v.demand_sum += wanted * span
        v.demand_square += wanted * wanted * span
        v.at = now
    v.high = max(v.high, float(wanted))


def arrive(w: World, r: int) -> int:
    """A request comes to its level: ``EXECUTE`` (it has its seats), ``QUEUE`` or ``REJECT``."""
    q = w.requests[r]
    population = w.populations[q.population]
    q.level = population.level
    q.queue = NOBODY
    v = w.levels[q.server, q.level]
    if v.exempt or population.masters:
        q.fate = seats.PASSED
        return EXECUTE
    advance_virtual(w, q.server, q.level)
    if v.queues == 0:
        fate = fair_queue.arrive_without_queues(v.in_use, v.limit)
        if fate == EXECUTE:
            take(w, r)
        return fate
    queue = dealt(w, q.server, q.level, w.clients[q.client].key)
    fate = fair_queue.arrive(w.queues[q.server, queue].waiting, v.queue_length, v.in_use, v.limit)
    if fate == QUEUE:
        enqueue(w, r, queue)
    return fate


def dealt(w: World, s: int, level: int, hashed: int) -> int:
    """The queue of a flow's hand with the least work waiting."""
    v = w.levels[s, level]
    hand = w.hand[: v.hand]
    shuffle_sharding.deal(hashed, v.queues, hand)
    work = w.queue_work[s, v.first_queue : v.first_queue + v.queues]
    v.enqueued += 1
    return int(v.first_queue + shuffle_sharding.shortest(hand, work, v.enqueued))


def enqueue(w: World, r: int, queue: int) -> None:
    """Put a request at the end of a queue."""
    q = w.requests[r]
    s = q.server
    v = w.levels[s, q.level]
    line = w.queues[s, queue]
    width = w.populations[q.population].seats
    w.queue_start[s, queue] = fair_queue.start_on_arrival(
        w.queue_start[s, queue], v.virtual, line.waiting, line.executing
    )
    q.queue = queue
    q.virtual = v.virtual
    q.work = width * fair_queue.ESTIMATED_SERVICE_S
    q.next = NOBODY
    q.previous = NOBODY
    if line.waiting == 0:
        line.head = r
        w.head_work[s, queue] = q.work
    else:
        q.previous = line.tail
        w.requests[line.tail].next = r
    line.tail = r
    if line.waiting == 0 and line.executing == 0:
        v.active += 1
    line.waiting += 1
    v.waiting += width
    w.queue_work[s, queue] += q.work
    v.high = max(v.high, float(v.in_use + v.waiting))


def withdraw(w: World, r: int) -> None:
    """Take a waiting request out of its queue."""
    q = w.requests[r]
    s = q.server
    advance_virtual(w, s, q.level)
    v = w.levels[s, q.level]
    line = w.queues[s, q.queue]
    if q.previous == NOBODY:
        line.head = q.next
    else:
        w.requests[q.previous].next = q.next
    if q.next == NOBODY:
        line.tail = q.previous
    else:
        w.requests[q.next].previous = q.previous
    q.next = NOBODY
    line.waiting -= 1
    v.waiting -= w.populations[q.population].seats
    w.queue_work[s, q.queue] -= q.work
    w.head_work[s, q.queue] = -1.0
    if line.waiting > 0:
        w.head_work[s, q.queue] = w.requests[line.head].work
    elif line.executing == 0:
        v.active -= 1


def head_arrival(w: World, s: int, queue: int) -> float:
    """Virtual time at which a queue's first waiting request came; minus infinity if none waits."""
    line = w.queues[s, queue]
    if line.waiting == 0:
        return float("-inf")
    return float(w.requests[line.head].virtual)


def dispatch(w: World, s: int, level: int) -> int:
    """The next request of a level that may begin now, seated; ``NOBODY`` if none may."""
    v = w.levels[s, level]
    if v.waiting == 0:
        return NOBODY
    advance_virtual(w, s, level)
    first = v.first_queue
    place = fair_queue.next_queue(
        w.queue_start[s, first : first + v.queues], w.head_work[s, first : first + v.queues], v.last
    )
    if place < 0:
        return NOBODY
    queue = first + place
    r = w.queues[s, queue].head
    width = w.populations[w.requests[r].population].seats
    if not fair_queue.room_for(width, v.in_use, v.executing, v.limit):
        return NOBODY
    v.last = place
    withdraw(w, r)
    take(w, r)
    w.queue_start[s, queue] = fair_queue.start_after_dispatch(
        w.queue_start[s, queue], w.requests[r].work, head_arrival(w, s, queue)
    )
    return int(r)


def take(w: World, r: int) -> None:
    """Give a request its seats."""
    q = w.requests[r]
    v = w.levels[q.server, q.level]
    q.fate = seats.SEATED
    q.started = w.clock[0].now
    v.in_use += w.populations[q.population].seats
    v.executing += 1
    if q.queue != NOBODY:
        line = w.queues[q.server, q.queue]
        if line.waiting == 0 and line.executing == 0:
            v.active += 1
        line.executing += 1
    v.high = max(v.high, float(v.in_use + v.waiting))


def leave(w: World, r: int) -> None:
    """A request's handler returned: its seats are free, its queue is charged for what it really took."""
    q = w.requests[r]
    s = q.server
    advance_virtual(w, s, q.level)
    v = w.levels[s, q.level]
    width = w.populations[q.population].seats
    v.in_use -= width
    v.executing -= 1
    if q.queue == NOBODY:
        return
    line = w.queues[s, q.queue]
    line.executing -= 1
    actual = width * (w.clock[0].now - q.started)
    w.queue_start[s, q.queue] = fair_queue.start_after_end(
        w.queue_start[s, q.queue], q.work, actual, head_arrival(w, s, q.queue)
    )
    if line.waiting == 0 and line.executing == 0:
        v.active -= 1


def keep_final_seats(w: World, r: int) -> None:
    """A watched write holds seats for a little after its handler returned."""
    q = w.requests[r]
    w.levels[q.server, q.level].in_use += w.populations[q.population].final_seats


def give_back(w: World, s: int, level: int, count: int) -> None:
    """Seats held after a handler's end are free."""
    advance_virtual(w, s, level)
    w.levels[s, level].in_use -= count


def adjust(w: World, s: int) -> None:
    """Set the seats of all levels anew by demand (from 1.26, every 10 s)."""
    levels = w.levels.shape[1]
    total = 0.0
    for i in range(levels):
        v = w.levels[s, i]
        advance_virtual(w, s, i)
        span = max(1e-9, v.at - v.demand_since)
        mean = v.demand_sum / span
        deviation = max(0.0, v.demand_square / span - mean * mean) ** 0.5
        v.smoothed = priority_levels.smoothed_demand(
            v.smoothed, mean, deviation, priority_levels.DEMAND_SMOOTHING
        )
        bounds = priority_levels.Bounds(int(v.nominal), int(v.least), int(v.most))
        w.shares[0, i] = v.smoothed
        w.shares[1, i] = 0.0 if v.exempt else priority_levels.floor_seats(bounds, v.high)
        w.shares[2, i] = 0.0 if v.exempt else v.most
        total += 0.0 if v.exempt else v.nominal
        v.demand_sum = 0.0
        v.demand_square = 0.0
        v.demand_since = v.at
        v.high = float(v.in_use + v.waiting)
    priority_levels.divide(total, w.shares[0], w.shares[1], w.shares[2], w.shares[3])
    for i in range(levels):
        v = w.levels[s, i]
        if not v.exempt:
            v.limit = max(1, int(w.shares[3, i] + 0.5))
