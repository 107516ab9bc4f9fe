"""The eight examples of stability-sim, as numbers: what arrives, what it passes, what happens to it.

Path of an attempt: balancer (if there are several stations), cache (if calls have keys), queue (if it lets through
only so many), then a server, which refuses what finds no free slot, or a database, which lets it wait.

Source: github.com/marcbrooker/stability-sim, src/examples/index.ts.
"""

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

TRIGGERS = ("none", "burst", "crash", "slow", "flush")
LOAD_LAWS = ("none", "polynomial", "exponential")
BALANCING = ("round_robin", "least_connections")


class Example(NamedTuple):
    """Parameters.

    Args:
        example: Name; gives the defaults of all others.
        rate_per_s: Calls per second, Poisson.
        ramp_up_s: Time over which that rate is reached, linearly.
        timeout_s: The client's patience with an attempt; it then tries again at once.
        retries: Retries per call, also at once after a refusal; below zero: as the retry budget allows.
        budget: Retry budget, full at first.
        deposit: What a success pays into it.
        keys: Number of keys that calls ask for; 0: no cache.
        ttl_s: Time to live in the cache.
        cache_size: Entries of the cache, the least recently used one goes.
        stations: Stations behind the balancer.
        balancing: ``round_robin`` or ``least_connections`` (ties: the first).
        queue_limit: Attempts that the queue lets into the station at a time; 0: no queue.
        queue_capacity: Attempts in queue and station above which it refuses.
        slots: Slots of a station.
        pooled: Whether what finds no free slot waits there (database) instead of being refused (server).
        service_s: Mean of the exponential time of service.
        load_law: ``polynomial``: times 1 + factor u^exponent; ``exponential``: times exp(factor u); u is the share
            of slots taken.
        load_factor: Factor of it.
        load_exponent: Exponent of it.
        trigger: ``burst`` of calls without retries, ``crash`` of the first station (refuses at once, finishes what it
            has), ``slow`` (first station's service stretched), ``flush`` of the cache, or ``none``.
        trigger_at_s: When.
        trigger_for_s: Crash, slow: for how long.
        trigger_size: Slow: factor; burst: number of calls.
    """

    example: str = "retry-storm"
    rate_per_s: float = 70.0
    ramp_up_s: float = 0.0
    timeout_s: float = 1.0
    retries: int = 3
    budget: float = 0.0
    deposit: float = 0.0
    keys: int = 0
    ttl_s: float = inf
    cache_size: int = 0
    stations: int = 1
    balancing: str = "round_robin"
    queue_limit: int = 0
    queue_capacity: float = inf
    slots: int = 10
    pooled: bool = False
    service_s: float = 0.1
    load_law: str = "none"
    load_factor: float = 0.0
    load_exponent: float = 2.0
    trigger: str = "none"
    trigger_at_s: float = 0.0
    trigger_for_s: float = 0.0
    trigger_size: float = 1.0


_ALL = (
    Example(
        example="retry-storm",
        stations=2,
        queue_limit=5,
        queue_capacity=10_000.0,
        slots=5,
        trigger="crash",
        trigger_at_s=5.0,
        trigger_for_s=5.0,
    ),
    Example(
        example="gc-death-spiral",
        rate_per_s=80.0,
        queue_limit=10,
        queue_capacity=200.0,
        service_s=0.008,
        load_law="exponential",
        load_factor=4.0,
        trigger="burst",
        trigger_at_s=10.0,
        trigger_size=100.0,
    ),
    # The published server never calls the database behind it, so that the slow database has no effect.
    Example(
        example="connection-pool",
        rate_per_s=150.0,
        timeout_s=1.5,
        retries=2,
        queue_limit=50,
        queue_capacity=500.0,
        slots=50,
        service_s=0.002,
    ),
    Example(
        example="cache-stampede",
        rate_per_s=200.0,
        timeout_s=2.0,
        retries=1,
        keys=100,
        ttl_s=5.0,
        cache_size=80,
        queue_limit=20,
        queue_capacity=80.0,
        slots=20,
        pooled=True,
        service_s=0.005,
        load_law="polynomial",
        load_factor=3.0,
        trigger="slow",
        trigger_at_s=10.0,
        trigger_for_s=5.0,
        trigger_size=20.0,
    ),
    Example(
        example="cache-flush",
        rate_per_s=300.0,
        ramp_up_s=8.0,
        timeout_s=2.0,
        retries=2,
        keys=50,
        ttl_s=30.0,
        cache_size=200,
        slots=30,
        pooled=True,
        service_s=0.5,
        load_law="polynomial",
        load_factor=5.0,
        load_exponent=3.0,
        trigger="flush",
        trigger_at_s=10.0,
    ),
    Example(example="timeout-cascade", rate_per_s=100.0, retries=0, queue_limit=10),
    Example(
        example="sinkhole",
        rate_per_s=150.0,
        timeout_s=2.0,
        retries=-1,
        budget=10.0,
        deposit=1.0,
        stations=3,
        balancing="least_connections",
        slots=20,
        service_s=0.05,
        trigger="crash",
        trigger_at_s=8.0,
        trigger_for_s=10.0,
    ),
    Example(
        example="stale-queue",
        rate_per_s=90.0,
        retries=0,
        queue_limit=10,
        trigger="slow",
        trigger_at_s=8.0,
        trigger_for_s=8.0,
        trigger_size=3.0,
    ),
)

EXAMPLES: Mapping[str, Example] = {example.example: example for example in _ALL}
"""Examples by name. A queue's shedding threshold below its capacity acts as the capacity."""
