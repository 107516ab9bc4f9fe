"""The agenda: what happens when. A binary heap, a wheel for what is not due soon, a ring for each constant delay.

Entries are ordered by (time, number of entry), so ties are settled by who came first. The wheel
has a slot for each ``1 / PER_SECOND`` s to come, whose entries are poured into the heap
before anything of that slot can be next; so the heap stays small. What enters a ring expires in
order of entry; an entry that would break that order, or finds the ring full, goes to the
heap instead, which is always right.
"""

from snowpit.simulate.engine.layout import NEVER, NOBODY, Records, World

PER_SECOND = 32.0
"""Slots of the wheel in a second; a power of two, so that slots begin at exact times."""


def push(w: World, time: float, kind: int, a: int, b: int) -> None:
    """Enter something that has no constant delay."""
    clock = w.clock[0]
    seq = clock.seq
    clock.seq = seq + 1
    ahead = time * PER_SECOND - clock.slot
    if ahead < 0.0 or ahead >= w.wheel.shape[0]:
        place_in_heap(w, time, seq, kind, a, b)
    else:
        place_in_wheel(w, time, seq, kind, a, b)


def place_in_wheel(w: World, time: float, seq: int, kind: int, a: int, b: int) -> None:
    """Put an entry into its slot, which has not been poured yet."""
    clock = w.clock[0]
    n = clock.free_node
    node = w.nodes[n]
    clock.free_node = node.next
    fill(node, time, seq, kind, a, b)
    slot = int(time * PER_SECOND) & (w.wheel.shape[0] - 1)
    node.next = w.wheel[slot]
    w.wheel[slot] = n
    clock.wheel_n += 1


def pour(w: World) -> None:
    """Move the next slot of the wheel into the heap."""
    clock = w.clock[0]
    slot = clock.slot & (w.wheel.shape[0] - 1)
    clock.slot += 1
    n = w.wheel[slot]
    w.wheel[slot] = NOBODY
    while n != NOBODY:
        node = w.nodes[n]
        following = node.next
        place_in_heap(w, node.time, node.seq, node.kind, node.a, node.b)
        node.next = clock.free_node
        clock.free_node = n
        clock.wheel_n -= 1
        n = following


def earlier(time: float, seq: int, other: float, other_seq: int) -> bool:
    """Whether an entry comes before another: by time, then by number."""
    return time < other or (time == other and seq < other_seq)


def fill(entry: Records, time: float, seq: int, kind: int, a: int, b: int) -> None:
    """Write an entry into a place of the heap or of a ring."""
    entry.time = time
    entry.seq = seq
    entry.kind = kind
    entry.a = a
    entry.b = b


def place_in_heap(w: World, time: float, seq: int, kind: int, a: int, b: int) -> None:
    """Sift an entry up from the last place."""
    heap = w.heap
    place = w.clock[0].heap_n
    w.clock[0].heap_n = place + 1
    while place > 0:
        above = (place - 1) >> 1
        parent = heap[above]
        if earlier(parent.time, parent.seq, time, seq):
            break
        move(w, place, above)
        place = above
    fill(heap[place], time, seq, kind, a, b)


def move(w: World, to: int, source: int) -> None:
    """Copy a heap entry."""
    entry = w.heap[source]
    fill(w.heap[to], entry.time, entry.seq, entry.kind, entry.a, entry.b)


def drop_first(w: World) -> None:
    """Remove the first heap entry: sift the last one down from the top."""
    heap = w.heap
    n = w.clock[0].heap_n - 1
    w.clock[0].heap_n = n
    if n == 0:
        return
    last = heap[n]
    time = last.time
    seq = last.seq
    place = 0
    child = 1
    while child < n:
        if child + 1 < n:
            left = heap[child]
            right = heap[child + 1]
            if earlier(right.time, right.seq, left.time, left.seq):
                child += 1
        below = heap[child]
        if earlier(time, seq, below.time, below.seq):
            break
        move(w, place, child)
        place = child
        child = 2 * place + 1
    move(w, place, n)


def push_after(w: World, ring: int, delay: float, kind: int, a: int, b: int) -> None:
    """Enter something that happens ``delay`` s from now into a ring, or into the heap if it does not fit there.

    ``ring`` below zero: the delay is not constant.
    """
    clock = w.clock[0]
    time = clock.now + delay
    if time == NEVER:
        return
    if ring < 0:
        push(w, time, kind, a, b)
        return
    seq = clock.seq
    clock.seq = seq + 1
    r = w.rings[ring]
    size = w.slots.shape[1]
    if (r.n > 0 and time < r.last) or r.n == size:
        place_in_heap(w, time, seq, kind, a, b)
        return
    fill(w.slots[ring, (r.head + r.n) & (size - 1)], time, seq, kind, a, b)
    r.last = time
    r.n += 1
    if r.n == 1:
        w.ring_times[ring] = time
        w.ring_seqs[ring] = seq
        if earlier(time, seq, clock.ring_time, clock.ring_seq):
            clock.ring = ring
            clock.ring_time = time
            clock.ring_seq = seq


def drop_head(w: World, ring: int) -> None:
    """Remove the first entry of a ring."""
    r = w.rings[ring]
    size = w.slots.shape[1]
    r.head = (r.head + 1) & (size - 1)
    r.n -= 1
    if r.n > 0:
        entry = w.slots[ring, r.head]
        w.ring_times[ring] = entry.time
        w.ring_seqs[ring] = entry.seq
    else:
        w.ring_times[ring] = NEVER
    find_ring(w)


def empty(w: World, ring: int) -> None:
    """Forget all entries of a ring."""
    w.rings[ring].n = 0
    w.ring_times[ring] = NEVER
    find_ring(w)


def find_ring(w: World) -> None:
    """Note the ring whose first entry comes first."""
    best = NOBODY
    time = NEVER
    seq = 0
    for i in range(w.ring_times.shape[0]):
        t = w.ring_times[i]
        if t < time or (t == time and t != NEVER and w.ring_seqs[i] < seq):
            best = i
            time = t
            seq = w.ring_seqs[i]
    clock = w.clock[0]
    clock.ring = best
    clock.ring_time = time
    clock.ring_seq = seq


def heap_first(w: World) -> bool:
    """Whether the next entry lies in the heap and not in a ring."""
    clock = w.clock[0]
    if clock.heap_n == 0:
        return False
    top = w.heap[0]
    return earlier(top.time, top.seq, clock.ring_time, clock.ring_seq)
