"""Closed forms of a cache with a time to live whose fill takes time.

Symbols: lambda requests per second for one key (Poisson), TTL of a success counted from
the end of the look-up, W seconds from miss to fill.
"""

from math import exp

from snowpit.mechanism.queueing import require, require_positive


def miss_ratio(arrival_rate: float, ttl: float, *, fill: float = 0.0) -> float:
    """Share of requests that start a look-up when concurrent misses are not coalesced (to 1.17).

    (1 + lambda W) / (lambda (2 W + TTL) + exp(-lambda W)): misses go on for W after the first one, and
    the last fill comes up to W after the first fill. Valid for W <= TTL; tends to 1/2 for large W.
    The hit ratio is 1 minus it.

    Args:
        arrival_rate: lambda of one key, per second.
        ttl: Time to live, s.
        fill: W, s.

    Source: derived and simulated for the pages of this project.

    >>> [round(miss_ratio(1.0, 10.0, fill=w), 5) for w in (0.0, 3.0, 10.0)]
    [0.09091, 0.24922, 0.36667]
    """
    require(ttl=ttl, fill=fill)
    require_positive(arrival_rate=arrival_rate)
    during = arrival_rate * fill
    return (1.0 + during) / (arrival_rate * (2.0 * fill + ttl) + exp(-during))


def lookup_ratio_coalesced(arrival_rate: float, ttl: float, *, fill: float = 0.0) -> float:
    """Look-ups per request with single flight (from 1.18): 1 / (1 + lambda (W + TTL)).

    >>> round(lookup_ratio_coalesced(1.0, 10.0, fill=3.0), 5)
    0.07143
    """
    require(ttl=ttl, fill=fill)
    require_positive(arrival_rate=arrival_rate)
    return 1.0 / (1.0 + arrival_rate * (fill + ttl))


def lookup_rate_coalesced(tokens: int, ttl: float, *, fill: float = 0.0) -> float:
    """Most look-up sequences per second that ``tokens`` keys can ask for with single flight: K / (W + TTL).

    >>> lookup_rate_coalesced(250, 10.0)
    25.0
    """
    require(tokens=tokens, fill=fill)
    require_positive(ttl=ttl)
    return tokens / (fill + ttl)


def dogpile_recovery(requests: float, backlog: float, *, rate: float = 50.0) -> float:
    """Seconds until one token, asked for in an open loop, has drained a backlog of foreign look-ups.

    (q0 / r) (1 + 2 rho + 2 rho^2) with rho = Lambda / r, for two look-ups a miss without coalescing: first
    the backlog drains while misses pile up, then their first, then their second look-ups. One token always recovers.

    Args:
        requests: Lambda of the token, per second.
        backlog: q0, look-ups waiting at the start.
        rate: r, tokens per second.

    Source: derived; event simulation agrees within its bins (130 s against 140 s).

    >>> round(dogpile_recovery(100.0, 500.0), 9)
    130.0
    """
    require(requests=requests, backlog=backlog)
    require_positive(rate=rate)
    rho = requests / rate
    return backlog / rate * (1.0 + 2.0 * rho + 2.0 * rho * rho)
