"""Closed forms of a rate-limited look-up path: delays at a token bucket, bursts, seats, self-sustained backlog.

Symbols: r tokens per second, b burst, c look-ups in sequence per uncached review,
M seats, T patience (s), W = time from miss to cache fill (s), Lambda requests per
second of all tokens together, K tokens, lambda = Lambda / K. API server to 1.13.11: r = 50,
b = 100, c = 2 (legacy tokens and tokens bound to a pod).
"""

from math import exp, inf

from snowpit.errors import ScenarioError
from snowpit.mechanism.queueing import md1_wait, require, require_positive

HALVINGS = 200
LONGEST_S = 1e9


class _Line:
    """Queue-length law of M/D/1, from which both laws of the delay are read.

    At departures p[n+1] a[0] = p[0] P(A > n) + sum of p[k] P(A > n - k + 1), where A is Poisson(rho)
    arrivals during a service: balance across a level, so every term is positive. The wait follows from
    the cumulated law Q of the number waiting (Franx, Operations Research Letters 29(5), 2001, 221-227).
    """

    def __init__(self, rho: float, services: int) -> None:
        self.rho = rho
        arrivals = [exp(-rho)]
        for count in range(1, services + 2):
            arrivals.append(arrivals[-1] * rho / count)
        self.more = [1.0 - arrivals[0]]
        for share in arrivals[1:]:
            self.more.append(max(0.0, self.more[-1] - share))
        self.arrivals = arrivals
        present = [1.0 - rho]
        for n in range(services + 1):
            inflow = present[0] * self.more[n]
            inflow += sum(present[k] * self.more[n - k + 1] for k in range(1, n + 1))
            present.append(inflow / arrivals[0])
        self.waiting = [present[0] + present[1]]
        for share in present[2:]:
            self.waiting.append(self.waiting[-1] + share)

    def at_most(self, services: int) -> float:
        """P(wait <= that many service times)."""
        return sum(self.waiting[services - j] * self.arrivals[j] for j in range(services + 1))

    def area(self, services: int) -> float:
        """Integral of P(wait <= x) over the service time that ends at that many, times lambda."""
        return sum(self.waiting[services - 1 - j] * self.more[j] for j in range(services))


def bucket_delayed(arrival_rate: float, rate: float, *, burst: int) -> float:
    """Share of Poisson arrivals that have to wait at a token bucket, first in, first out.

    The debt of the bucket is the work of M/D/1 with service 1/r, shifted by b - 1 tokens:
    P(delay > 0) = P(wait of M/D/1 > (b - 1) / r).

    Args:
        arrival_rate: Per second.
        rate: r, tokens per second.
        burst: b, tokens, at least 1.

    >>> round(bucket_delayed(40.0, 50.0, burst=5), 6)
    0.154625
    """
    _require_bucket(arrival_rate, rate, burst)
    if arrival_rate >= rate:
        return 1.0
    return max(0.0, 1.0 - _Line(arrival_rate / rate, burst).at_most(burst - 1))


def bucket_mean_delay(arrival_rate: float, rate: float, *, burst: int) -> float:
    """Mean wait of Poisson arrivals at a token bucket, those that do not wait included, s.

    Digits are lost by subtraction when the result is small: absolute error near 1e-14 * burst / rate.

    >>> round(bucket_mean_delay(40.0, 50.0, burst=5) * 1e3, 2)
    7.18
    """
    _require_bucket(arrival_rate, rate, burst)
    if arrival_rate >= rate:
        return inf
    if arrival_rate == 0:
        return 0.0
    line = _Line(arrival_rate / rate, burst)
    below = sum(1.0 / rate - line.area(k) / arrival_rate for k in range(1, burst))
    return max(0.0, md1_wait(arrival_rate, 1.0 / rate) - below)


def _require_bucket(arrival_rate: float, rate: float, burst: int) -> None:
    require(arrival_rate=arrival_rate)
    require_positive(rate=rate)
    if burst < 1:
        message = f"burst is {burst!r}; a bucket that holds less than one token admits nobody."
        raise ScenarioError(message, "Give burst as a whole number of tokens of at least 1.")


def bucket_burst_delay(position: int, rate: float, *, burst: float) -> float:
    """Wait of the ``position``-th (from 1) of a burst that meets a full bucket, s: max(0, (k - b) / r).

    It also bounds the delay of any input that obeys an arrival curve sigma + rho t with rho <= r, with k = sigma.

    >>> bucket_burst_delay(200, 50.0, burst=100)
    2.0
    """
    require(position=position, burst=burst)
    require_positive(rate=rate)
    return max(0.0, (position - burst) / rate)


def burst_completion(
    position: int, reviews: int, *, rate: float = 50.0, burst: float = 100.0, lookups: int = 2
) -> float:
    """Seconds until the ``position``-th (from 1) of a burst of uncached reviews is answered.

    All first look-ups reserve ahead of all second ones, so nothing ends before
    ((c - 1) M - b) / r, then r a second until (c M - b) / r. At 50 and 100: (M - 100) / 50 to
    (2M - 100) / 50. Valid for M >= b reviews admitted at once on a full bucket, look-ups otherwise instant.

    Source: recorded from kube-apiserver 1.13.5 (bursts of 200: 2.0 to 6.0 s; 1,000 with retries: 38.0 s).

    >>> burst_completion(0, 200), burst_completion(200, 200), burst_completion(1000, 1000)
    (2.0, 6.0, 38.0)
    """
    require(position=position, reviews=reviews, burst=burst)
    require_positive(rate=rate, lookups=lookups)
    return max(0.0, ((lookups - 1) * reviews + position - burst) / rate)


def full_seats(seats: int, rate: float, *, lookups: int = 2) -> tuple[float, float]:
    """Completions per second and sojourn time (s) when every seat waits for look-ups: r / c and c M / r.

    >>> full_seats(200, 50.0)
    (25.0, 8.0)
    """
    require(seats=seats)
    require_positive(rate=rate, lookups=lookups)
    return rate / lookups, lookups * seats / rate


def seats_limit(rate: float, patience: float, *, lookups: int = 2) -> float:
    """Seats above which reviews alone can wait longer than their patience: r T / c.

    Below it the gate is a bulkhead; raising the limit past it lets dead work fill the limiter for good.

    Args:
        rate: r, tokens per second.
        patience: T, time limit of the create handler (30 s to 1.16, 34 s later) or of the client, s.
        lookups: c.

    >>> seats_limit(50.0, 30.0)
    750.0
    """
    require(patience=patience)
    require_positive(rate=rate, lookups=lookups)
    return rate * patience / lookups


def demand(wait: float, requests: float, *, tokens: int, lookups: int = 2, ttl: float = 10.0) -> float:
    """Look-ups per second asked for when a miss takes ``wait`` seconds to fill the cache, without coalescing.

    c Lambda (1 + lambda W) / (lambda (2 W + TTL) + exp(-lambda W)): from c K / (TTL + 1 / lambda) at W = 0
    towards c Lambda / 2. Fluid law of many tokens out of phase, each Poisson. Valid for W <= TTL; beyond it
    a description of the limit. Crosses capacity r where a backlog neither grows nor shrinks.

    Args:
        wait: W, s.
        requests: Lambda, per second, all tokens together.
        tokens: K.
        lookups: c.
        ttl: Time to live of a success, s.

    >>> round(demand(0.0, 100.0, tokens=100), 3), round(demand(1e6, 100.0, tokens=100), 3)
    (18.182, 100.0)
    """
    require(wait=wait, ttl=ttl)
    require_positive(requests=requests, tokens=tokens, lookups=lookups)
    each = requests / tokens
    return lookups * requests * (1.0 + each * wait) / (each * (2.0 * wait + ttl) + exp(-each * wait))


def critical_backlog(
    requests: float, rate: float, *, tokens: int, lookups: int = 2, ttl: float = 10.0
) -> float:
    """Look-ups waiting from which the backlog grows instead of draining: q* = r W* / c with demand(W*) = r.

    Zero if demand exceeds r already without backlog; infinite if it never does
    (Lambda <= 2 r / c). Fluid law; few tokens stay in phase and recover from more.

    >>> round(critical_backlog(100.0, 50.0, tokens=100)), critical_backlog(50.0, 50.0, tokens=100)
    (76, inf)
    """
    require_positive(rate=rate)
    if demand(0.0, requests, tokens=tokens, lookups=lookups, ttl=ttl) >= rate:
        return 0.0
    low, high = 0.0, 1.0
    while demand(high, requests, tokens=tokens, lookups=lookups, ttl=ttl) < rate:
        low, high = high, 2.0 * high
        if high > LONGEST_S:
            return inf
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        if demand(middle, requests, tokens=tokens, lookups=lookups, ttl=ttl) < rate:
            low = middle
        else:
            high = middle
    return rate * high / lookups
