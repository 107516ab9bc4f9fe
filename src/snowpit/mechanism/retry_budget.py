"""Retry budget: each success earns a share of a retry, each retry spends a whole one.

Bounds the amplification of load by retries to 1 + share in the long run. Not part
of Kubernetes; a what-if. Source: Brooker, Fixing retries with token buckets and
circuit breakers, 2022 (share 0.1).
"""

SHARE = 0.1


def earn(budget: float, share: float, most: float) -> float:
    """The budget after one success, never above ``most`` retries.

    >>> earn(9.95, 0.1, 10.0)
    10.0
    """
    return min(most, budget + share)


def spend(budget: float) -> tuple[float, bool]:
    """Ask for one retry: the budget afterwards and whether the retry may be made."""
    if budget < 1.0:
        return budget, False
    return budget - 1.0, True
