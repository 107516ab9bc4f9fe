"""Cases of clients that wait at their own limiter: A5, A6, A7, A16."""

from snowpit.forecast.cases.authentication import exactly, fact
from snowpit.mechanism.limiter_laws import bucket_burst_delay
from snowpit.mechanism.token_bucket import full, reserve
from snowpit.model.forecast import Interval

MINUTE_S = 60.0
BARELY_S = 0.1
"""A wait that counts."""

RATES_AT_MOST = 1000


def evenly_growing(first_s: float, later_s: float, apart_s: float, *, after_s: float) -> Interval:
    """A5: wait at a bucket that calls reach faster than it fills, at an even rate: a straight line."""
    return exactly(first_s + (later_s - first_s) / apart_s * after_s)


def sustained(qps: float, burst: float) -> Interval:
    """A6: the last whole rate at which calls, evenly spaced over ten minutes, do not wait."""
    rate = next(rate for rate in range(1, RATES_AT_MOST) if _wait(float(rate), qps, burst) > BARELY_S)
    return exactly(float(rate - 1))


def _wait(rate: float, qps: float, burst: float) -> float:
    """Wait of the last call."""
    bucket, wait = full(burst, 0.0), 0.0
    for number in range(int(10 * MINUTE_S * rate)):
        bucket, wait = reserve(bucket, qps, burst, number / rate)
    return wait


def scan(time_s: float, slow: tuple[float, float], fast: tuple[float, float]) -> Interval:
    """A7: time of a scan with another bucket, the number of requests taken from the time with the first.

    Args:
        time_s: Time with the first.
        slow: Rate and burst of the first.
        fast: Rate and burst of the other.
    """
    requests = round(slow[0] * time_s + slow[1])
    return exactly(bucket_burst_delay(requests, fast[0], burst=fast[1]))


def kubelet_default() -> Interval:
    """A16: requests a second of a kubelet of the time."""
    return exactly(fact("kubelet_qps"))
