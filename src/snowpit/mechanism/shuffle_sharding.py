"""Shuffle sharding: a flow is dealt a small hand of queues, so that one flow cannot fill them all.

Dealing reads the hash of a flow as a number in mixed radix (deck, deck - 1, ...):
each digit picks one of the queues not dealt yet. Over all hashes every ordered hand
of distinct queues is equally likely. Defaults: hands of 6 out of 128 or 64 queues.
Source: kubernetes/apiserver pkg/util/shufflesharding/dealer.go; Ma, AWS Builders' Library.
"""

from collections.abc import MutableSequence, Sequence
from math import comb


def deal(hashed: int, deck: int, hand: MutableSequence[int]) -> None:
    """Write the numbers of distinct queues to ``hand``.

    Args:
        hashed: Hash of the flow, at least 0 and below 2^63; only its residue by deck * (deck - 1) * ... counts.
        deck: Number of queues.
        hand: Integers, as many as queues are dealt, at most ``deck``. Written to.

    >>> hand = [0, 0, 0]
    >>> deal(0, 5, hand)
    >>> hand
    [0, 1, 2]
    """
    rest = hashed
    for i in range(len(hand)):
        size = deck - i
        hand[i] = rest % size
        rest = rest // size
    # A digit counts the queues not dealt yet; from the last one backwards, so that earlier digits still stand.
    for i in range(len(hand) - 1, 0, -1):
        card = hand[i]
        for j in range(i - 1, -1, -1):
            if card >= hand[j]:
                card += 1
        hand[i] = card


def shortest(hand: Sequence[int], work: Sequence[float], offset: int) -> int:
    """The queue of a hand with the least work waiting.

    Args:
        hand: Queues dealt to the flow.
        work: Work waiting by queue, seat-seconds (to 1.21: requests).
        offset: Enqueues so far; turns the order of visit, so that ties do not favour one queue.
    """
    size = len(hand)
    best = hand[offset % size]
    for i in range(1, size):
        queue = hand[(offset + i) % size]
        if work[queue] < work[best]:
            best = queue
    return best


def crowded_out(deck: int, hand: int, *, heavy: int) -> float:
    """Probability that the hands of ``heavy`` random flows cover every queue of one light flow's hand.

    Exact, by the distribution of the number of queues covered so far. A closed form for people, not
    compiled. Source of comparable figures: Kubernetes documentation, API Priority and Fairness.

    >>> round(crowded_out(32, 12, heavy=1) * 1e9, 4)
    4.4288
    """
    all_hands = comb(deck, hand)
    covered = [0.0] * (deck + 1)
    covered[0] = 1.0
    for _ in range(heavy):
        after = [0.0] * (deck + 1)
        for count, chance in enumerate(covered):
            for new in range(min(hand, deck - count) + 1):
                ways = comb(deck - count, new) * comb(count, hand - new)
                after[count + new] += chance * ways / all_hands
        covered = after
    return sum(chance * comb(count, hand) / all_hands for count, chance in enumerate(covered))
