"""Where the state of a simulated control plane lies: record arrays, and the numbers that stand for words."""

from typing import Any, NamedTuple, TypeAlias

import numpy as np

Records: TypeAlias = Any
"""A record array; its fields are read as attributes, in plain Python and compiled alike."""

# Kinds of agenda entries.
(
    WAKE,
    OPEN_ARRIVAL,
    EXTRA,
    SEND,
    ARRIVE,
    ANSWER,
    PATIENCE,
    FILTER_LIMIT,
    HANDLER_LIMIT,
    READ_READY,
    READ_DONE,
    SERVED,
    FLIGHT_LIMIT,
    ROUND,
    SCRAPE,
    QUEUE_LIMIT,
    LINE,
    ADJUST,
    SEATS_BACK,
    DEAD_READS,
) = range(20)

# Stages of a request at a server.
FREE, TRAVELLING, AUTHENTICATING, QUEUED, HANDLING, REVIEWING, DEAD, FLIGHT = range(8)

# Operations: what a handler does.
PLAIN, REVIEW = range(2)

# Whose call it is: a client's own loop, an extra one, a kubelet's review or access review, a scrape.
OWN, ADDED, REVIEWED, ACCESS, SCRAPED = range(5)

# Answers; those of HTTP under their own number, a review that says no as ``NOT_AUTHENTICATED``; zero is none yet.
OK, CREATED, UNAUTHORIZED, REJECTED, FAILED, TIMED_OUT = 200, 201, 401, 429, 500, 504
NOT_AUTHENTICATED, ABANDONED, RESET = 1201, 1, 2

# Ends of an attempt that the outer law retries, as bits.
ON_REJECTED, ON_TIMED_OUT, ON_ABANDONED, ON_UNAUTHORIZED, ON_RESET = 1, 2, 4, 8, 16

# Laws of delays; arrivals.
CONSTANT, EXPONENTIAL, UNIFORM, LOGNORMAL = range(4)
CLOSED, OPEN, NONE = range(3)

# What ``loop.advance`` stopped for.
DONE, GROW_AGENDA, GROW_CALLS, GROW_REQUESTS, ROWS_FULL = range(5)

CACHE_LINE = 64
NOBODY = -1
NEVER = float("inf")
QUANTILES = 4096

# Columns of the counts, in the order of model.sample.
OFFERED, REFUSED, LATE, UNKNOWN, ANSWERED, WASTED, REVIEWS, HITS, MISSES, LOOKUPS, DEAD_LOOKUPS, READS = (
    range(12)
)
BACKLOG, WAIT, SEATS_MUTATING, SEATS_READONLY, IN_QUEUES, IN_AUTHENTICATION, FRESH, DEAD_WORK = range(12, 20)
CALLS, ATTEMPTS, GOODPUT, GIVEN_UP, REFUSALS, TIMEOUTS, SOJOURN = range(7)


def _fields(floats: str, integers: str, small: str = "") -> np.dtype[np.void]:
    """A record of eight-byte fields, and of small integers of four bytes."""
    names = [(name, "f8") for name in floats.split()] + [(name, "i8") for name in integers.split()]
    return np.dtype(names + [(name, "i4") for name in small.split()], align=True)


CLOCK = _fields(
    "now bin_end bin_s ring_time",
    "seq bin bins heap_n ring ring_seq free_call free_request calls_used requests_used rows_n keep_rows events"
    " dead_fills cancels order refuses_hopeless exact fan_out stripe_size slot wheel_n free_node",
)
AGENDA = _fields("time", "seq b", "a kind")
NODE = _fields("time", "seq b next", "a kind")
RING = _fields("last", "head n")
SERVER = _fields(
    "bucket_tokens bucket_at bucket_last qps burst read_mean etcd handler_limit filter_limit success_ttl failure_ttl"
    " lookup_limit retry_after queue_wait synced_at codel_least codel_until",
    "up mutating_limit readonly_limit mutating_taken mutating_rejected readonly_taken readonly_rejected coalesces"
    " frees_on_disconnect read_law read_table reads_drawn fair bounded authenticating dead_work queued ring"
    " filter_ring handler_ring queue_ring line_head line_n line_due codel_overloaded key stamps_arrival",
)
PRICE = _fields("seconds", "reads unsynced_reads accepted cached")
POPULATION = _fields(
    "think_mean rate patience_mean network_mean first_delay factor jitter cap bound budget_share breaker_rest"
    " service_mean start final_s shed",
    "first count operation mutating purpose arrivals think_law think_table patience_law patience_table network_law"
    " network_table inner_tries steps on breaker_failures credential token_base token_count reviewed_credential"
    " service_law service_table etcd level running think_ring patience_ring resend_ring backoff_ring scraper"
    " arrivals_drawn streams seats final_seats key masters light",
)
CLIENT = _fields("", "population server token key wakes calls_n attempts_n limiter")
"""As long as a cache line: clients are looked up in random order, many times a second."""
GUARD = _fields("budget opened", "breaker failures")
LIMITER = _fields("tokens at last qps burst", "")
CALL = _fields(
    "begun", "generation used client population purpose failures inner request parent next paid token server"
)
REQUEST = _fields(
    "arrived stamped act_at service deadline lined_up started work virtual",
    "generation used call client population server stage attached fate token credential reads_left"
    " looking accepted looked_up dead armed refused joined reviewed number next previous queue level",
)
FLIGHT_STATE = _fields("started", "flying askers first last")
SCRAPER = _fields(
    "period spread timeout", "population reviews access rounds running ring key evenly needs_review"
)
KUBELETS = _fields("ok_ttl failed_ttl allowed_ttl", "count keeps_errors coalesces authorizes")
VISIT = _fields("known_until refused_until allowed_until", "review")
LEVEL = _fields(
    "virtual at demand_sum demand_square demand_since smoothed least most nominal high",
    "limit exempt in_use executing waiting active last first_queue queues queue_length hand enqueued",
)
QUEUE = _fields("", "waiting executing head tail")
ROW = _fields("received finished arrived", "client population server code token reviewed")


class World(NamedTuple):
    """All state of a run; every member is an array, written to in place.

    Args:
        clock: One record: time, counters, switches.
        heap: Agenda entries in heap order.
        wheel: First entry of each slot of time to come; a power of two of slots.
        nodes: Pool of the wheel's entries, as many as the heap has places.
        rings: Head and length of each ring.
        ring_times: Time of each ring's first entry, s; infinity if it is empty.
        ring_seqs: Number of that entry.
        ring_delays: The constant delay that each ring is for, s; not a number where it is a limiter's.
        slots: Entries of the rings, ring by slot; a power of two of slots.
        servers: API servers.
        prices: What an authentication costs, server by kind of credential.
        populations: Populations of clients, scrapers' reviews among them.
        clients: All clients, population by population.
        guards: Their retry budgets and circuit breakers.
        reviewed: Token that each client puts to review, if it asks for reviews.
        limiters: Clients' own token buckets.
        calls: Pool of calls.
        requests: Pool of attempts at the servers, and of shared look-ups.
        expiry: Token cache, server by token: instant of expiry, s.
        flights: Shared look-ups, server by token.
        stripe_keys: Tokens in the bounded caches of old versions, server by slot.
        stripe_used: When those slots were used last, s.
        stripe_of: Stripe of each token.
        line: Waiters at limiters with a what-if order, server by place.
        scrapers: Who scrapes kubelets.
        kubelets: One record: laws of the kubelets.
        visits: Kubelets' caches, scraper by kubelet.
        levels: Priority levels, server by level.
        queues: Their queues, server by queue.
        queue_start: Virtual time at which each queue's next request starts.
        queue_work: Work waiting in each queue, seat-seconds.
        head_work: Work of each queue's first waiting request; below zero if none waits.
        hand: Scratch for dealing queues.
        shares: Scratch for dividing seats: rows target, least, most, seats.
        tables: Quantiles of distributions with mean 1, table by quantile.
        weights: Cumulative weights of tokens for open arrivals, by token.
        server_counts: Server by bin by measure.
        client_counts: Population by bin by measure.
        rows: Finished requests, if kept.
    """

    clock: Records
    heap: Records
    wheel: Records
    nodes: Records
    rings: Records
    ring_times: Records
    ring_seqs: Records
    ring_delays: Records
    slots: Records
    servers: Records
    prices: Records
    populations: Records
    clients: Records
    guards: Records
    reviewed: Records
    limiters: Records
    calls: Records
    requests: Records
    expiry: Records
    flights: Records
    stripe_keys: Records
    stripe_used: Records
    stripe_of: Records
    line: Records
    scrapers: Records
    kubelets: Records
    visits: Records
    levels: Records
    queues: Records
    queue_start: Records
    queue_work: Records
    head_work: Records
    hand: Records
    shares: Records
    tables: Records
    weights: Records
    server_counts: Records
    client_counts: Records
    rows: Records


def records(kind: np.dtype[np.void], count: int) -> Records:
    """``count`` empty records (at least one, so that no array is empty), the first at the start of a cache line."""
    size = kind.itemsize * max(1, count)
    room = np.zeros(size + CACHE_LINE, dtype="u1")
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + size].view(kind).view(np.recarray)
