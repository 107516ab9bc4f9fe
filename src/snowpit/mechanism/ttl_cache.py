"""Token cache: answers with a time to live, bounded by recency of use in old versions.

An entry is one number, the instant at which it expires; the driver owns the
storage. The time to live starts when the look-up completes. The API server keeps
successes 10 s and failures not at all; a kubelet keeps both for 2 minutes (from
1.14 an answer that carries an error is not kept).

Bound by version: 1.8 to 1.16 have 32 stripes by hash of the key, each keeping the
128 entries used last; from 1.17 there is no bound. (The kubelet of 1.12 has one
stripe of 1,024.) Sources: kubernetes/apiserver pkg/authentication/token/cache 1.8
to 1.18, plugin/pkg/authenticator/token/webhook/webhook.go 1.12.0; kubernetes#83259, #83643.
"""

from collections.abc import MutableSequence, Sequence

NEVER = float("-inf")
FREE = -1

SERVER_SUCCESS_TTL_S = 10.0
SERVER_FAILURE_TTL_S = 0.0
KUBELET_TTL_S = 120.0
STRIPES = 32
STRIPE_SIZE = 128


def fresh(expiry: float, now: float) -> bool:
    """Whether an entry that expires at ``expiry`` answers at ``now`` (s).

    >>> fresh(10.0, 9.99), fresh(10.0, 10.0), fresh(NEVER, 0.0)
    (True, False, False)
    """
    return now < expiry


def kept_until(expiry: float, done: float, ttl: float) -> float:
    """Expiry of an entry after a look-up that ended at ``done``.

    Args:
        expiry: Expiry before, ``NEVER`` if there was no entry.
        done: End of the look-up, s.
        ttl: Time to live of its outcome, s; zero or less keeps nothing and leaves the entry as it was.
    """
    if ttl <= 0.0:
        return expiry
    return done + ttl


def stripe_of(hashed: int, stripes: int) -> int:
    """Stripe that a key with that hash (not negative) belongs to."""
    return hashed % stripes


def slot_of(keys: Sequence[int], key: int) -> int:
    """Slot of a stripe that holds ``key``, or -1. Keys are not negative; ``FREE`` marks an unused slot."""
    for slot in range(len(keys)):
        if keys[slot] == key:
            return slot
    return -1


def slot_for(keys: Sequence[int], used: Sequence[float], key: int) -> int:
    """Slot of a stripe to write ``key`` to: its own, else a free one, else the one used least recently.

    Args:
        keys: Keys by slot, ``FREE`` where unused. Not written to.
        used: Instant of last use by slot, s. Not written to.
        key: The key to place.
    """
    oldest = 0
    free = -1
    for slot in range(len(keys)):
        if keys[slot] == key:
            return slot
        if keys[slot] == FREE:
            free = slot
        if used[slot] < used[oldest]:
            oldest = slot
    if free >= 0:
        return free
    return oldest


def store(keys: MutableSequence[int], used: MutableSequence[float], key: int, now: float) -> int:
    """Place ``key`` in a stripe, evicting if it is full; give the slot. Writes to both arrays."""
    slot = slot_for(keys, used, key)
    keys[slot] = key
    used[slot] = now
    return slot
