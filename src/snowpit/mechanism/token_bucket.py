"""Token bucket with reservations in order of arrival, as golang.org/x/time/rate and client-go use it.

The bucket starts full. A reservation takes a token at once and says how long to
wait before it may be used; below zero the level is debt to earlier callers, so
order of reservation is order of service and the length of the line is -level.

Laws by version of client-go: to 1.15 ``reserve`` only, never cancelled, an
abandoned caller's token stays spent; from 1.16 a request that carries a context
uses ``reserve_within`` and, on cancellation, ``give_back``; from 1.18 every
request does. Sources: client-go util/flowcontrol/throttle.go and rest/request.go
1.12.0, 1.16.0, 1.18.0; golang.org/x/time rate/rate.go (reserveN, CancelAt, advance).
"""

from typing import NamedTuple


class Bucket(NamedTuple):
    """Level of a bucket at one instant.

    Args:
        tokens: Level; below zero it is debt to earlier callers.
        at: Instant of that level, s.
        last: Instant at which the newest reservation may act, s.
    """

    tokens: float
    at: float
    last: float


def full(burst: float, now: float) -> Bucket:
    """A bucket nobody has used yet, holding ``burst`` tokens at ``now`` (s)."""
    return Bucket(burst, now, now)


def level(bucket: Bucket, rate: float, burst: float, now: float) -> float:
    """Tokens at ``now`` (s); time never runs backwards for a bucket.

    >>> level(Bucket(-10.0, 0.0, 0.2), 50.0, 100.0, 1.0)
    40.0
    """
    if now <= bucket.at:
        return bucket.tokens
    return min(burst, bucket.tokens + rate * (now - bucket.at))


def wait_for(bucket: Bucket, rate: float, burst: float, now: float) -> float:
    """Seconds that a caller arriving at ``now`` would wait; takes nothing."""
    if rate <= 0.0:
        return 0.0
    return max(0.0, (1.0 - level(bucket, rate, burst, now)) / rate)


def reserve(bucket: Bucket, rate: float, burst: float, now: float) -> tuple[Bucket, float]:
    """Take one token for good (client-go ``Accept``, 1.12 to 1.15 and without context to 1.17).

    Args:
        bucket: State before.
        rate: Tokens per second; zero or less means no limit.
        burst: Most tokens held.
        now: Instant of the call, s.

    Returns:
        State afterwards and the wait before the token may be used, s.

    >>> reserve(Bucket(0.0, 0.0, 0.0), 50.0, 100.0, 0.0)
    (Bucket(tokens=-1.0, at=0.0, last=0.02), 0.02)
    """
    if rate <= 0.0:
        return bucket, 0.0
    tokens = level(bucket, rate, burst, now) - 1.0
    wait = max(0.0, -tokens / rate)
    at = max(now, bucket.at)
    return Bucket(tokens, at, at + wait), wait


def reserve_within(
    bucket: Bucket, rate: float, burst: float, now: float, patience: float
) -> tuple[Bucket, float, bool]:
    """Take one token unless its wait exceeds the caller's deadline (client-go ``Wait(ctx)``, from 1.16).

    Args:
        bucket: State before.
        rate: Tokens per second; zero or less means no limit.
        burst: Most tokens held.
        now: Instant of the call, s.
        patience: Seconds from now to the caller's deadline; infinity if it has none.

    Returns:
        State afterwards, the wait (s), and whether a token was taken. A refusal comes at once and takes nothing.
    """
    after, wait = reserve(bucket, rate, burst, now)
    if wait > patience or burst < 1.0:
        return bucket, wait, False
    return after, wait, True


def give_back(bucket: Bucket, rate: float, burst: float, now: float, act_at: float) -> Bucket:
    """Cancel one reservation before it acts, as far as later reservations allow (from 1.16).

    What was reserved after it is not restored: those callers already know their
    waits. So only the newest reservation gives its token back entirely.

    Args:
        bucket: State before.
        rate: Tokens per second; zero or less means no limit.
        burst: Most tokens held.
        now: Instant of the cancellation, s.
        act_at: Instant at which the cancelled reservation could have acted, s.

    Returns:
        State afterwards; unchanged if the reservation has already acted.
    """
    if rate <= 0.0 or act_at < now:
        return bucket
    restored = 1.0 - rate * (bucket.last - act_at)
    if restored <= 0.0:
        return bucket
    tokens = min(burst, level(bucket, rate, burst, now) + restored)
    last = bucket.last
    if act_at == last and act_at - 1.0 / rate >= now:
        last = act_at - 1.0 / rate
    return Bucket(tokens, max(now, bucket.at), last)


def most_admitted(rate: float, burst: float, span: float) -> float:
    """Arrival curve: no closed span (s) shows more departures than this.

    Source: Le Boudec and Thiran, Network Calculus, 2001, section 1.2.

    >>> most_admitted(50.0, 100.0, 2.0)
    200.0
    """
    return burst + rate * span
