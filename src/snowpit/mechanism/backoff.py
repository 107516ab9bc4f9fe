"""How long a client waits before it tries again. The jitter is an argument: a number u in [0, 1).

Laws: ``retry_after`` is client-go's inner loop; ``delay`` is wait.Backoff of
apimachinery, used by webhook clients (``WEBHOOK``) and, from 1.18, by reflectors
(``REFLECTOR``; a fixed second before). The three jitters at the end are those
of Brooker, Exponential backoff and jitter, AWS architecture blog, 2015.

Sources: client-go rest/request.go 1.12.0, 1.20.0; apiserver pkg/util/webhook 1.12.0;
client-go tools/cache/reflector.go 1.17, 1.18.
"""

from typing import NamedTuple

GIVE_UP = -1.0


class Law(NamedTuple):
    """Parameters of wait.Backoff.

    Args:
        steps: Tries in all, the first included.
        base: First delay, s.
        factor: Growth per delay.
        jitter: Each delay is stretched by a factor in [1, 1 + jitter).
        cap: Longest delay before jitter, s.
    """

    steps: int
    base: float
    factor: float
    jitter: float
    cap: float


WEBHOOK = Law(5, 0.5, 1.5, 0.2, float("inf"))
REFLECTOR = Law(2**31, 0.8, 2.0, 1.0, 30.0)
REFLECTOR_TO_1_17 = Law(2**31, 1.0, 1.0, 0.0, 1.0)

RETRY_AFTER_TRIES_TO_1_19 = 10
RETRY_AFTER_TRIES = 11


def grown(base: float, factor: float, cap: float, failures: int) -> float:
    """The capped exponential base * factor^(failures - 1), s, without overflow."""
    value = base
    for _ in range(failures - 1):
        if value >= cap or factor <= 1.0:
            break
        value = value * factor
    return min(cap, value)


def delay(law: Law, failures: int, u: float) -> float:
    """Seconds to wait after that many failed tries in a row; ``GIVE_UP`` when tries are spent.

    >>> [round(delay(WEBHOOK, k, 0.0), 4) for k in (1, 2, 3, 4, 5)]
    [0.5, 0.75, 1.125, 1.6875, -1.0]
    """
    if failures >= law.steps:
        return GIVE_UP
    return grown(law.base, law.factor, law.cap, failures) * (1.0 + law.jitter * u)


def retry_after(told: float, failures: int, tries: int) -> float:
    """Seconds client-go waits on a 429, or a 5xx, that carries Retry-After; ``GIVE_UP`` when tries are spent.

    Args:
        told: Retry-After of the answer, s; negative if it has none, then client-go does not retry.
        failures: Such answers in a row so far, this one included.
        tries: Tries in all: 10 to 1.19, 11 from 1.20.

    Each try takes a token of the client's own limiter.
    """
    if told < 0.0 or failures >= tries:
        return GIVE_UP
    return told


def full_jitter(base: float, cap: float, failures: int, u: float) -> float:
    """Uniform in [0, min(cap, base * 2^(failures - 1))), s."""
    return u * grown(base, 2.0, cap, failures)


def equal_jitter(base: float, cap: float, failures: int, u: float) -> float:
    """Half of the capped exponential fixed, half uniform, s."""
    half = grown(base, 2.0, cap, failures) / 2.0
    return half + u * half


def decorrelated_jitter(base: float, cap: float, previous: float, u: float) -> float:
    """Uniform in [base, 3 * previous), capped, s; ``previous`` is ``base`` at first."""
    return min(cap, base + u * max(0.0, 3.0 * previous - base))
