"""Whether the three forms are one model: Welch's tests of their totals over seeds, as z scores of the same probability.

``timed_out``, ``wasted`` and ``dead_lookups`` are left out: the forms differ in what they call a waste, not in what happens.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

from scipy import stats
from storm_rivals import Outcome, common


class Gap(NamedTuple):
    """Difference of two forms in one total.

    Args:
        name: Total.
        ours: Mean of one form.
        theirs: Mean of the other.
        z: Normal score as improbable as Welch's t of the difference.
    """

    name: str
    ours: float
    theirs: float
    z: float


def score(a: Sequence[float], b: Sequence[float]) -> float:
    """Welch's test as a z score; equal constants give 0, unequal ones infinity."""
    difference = statistics.fmean(a) - statistics.fmean(b)
    if difference == 0.0 or statistics.variance(a) + statistics.variance(b) == 0.0:
        return 0.0 if difference == 0.0 else math.copysign(math.inf, difference)
    p = float(stats.ttest_ind(a, b, equal_var=False).pvalue)
    return math.copysign(-NormalDist().inv_cdf(max(p, 1e-300) / 2.0), difference)


def gaps(ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> list[Gap]:
    """All totals that both count, the largest |z| first."""
    found = []
    for name in common([ours, theirs]):
        a = [outcome.totals.get(name, 0.0) for outcome in ours]
        b = [outcome.totals.get(name, 0.0) for outcome in theirs]
        z = score(a, b)
        found.append(Gap(name, statistics.fmean(a), statistics.fmean(b), z))
    return sorted(found, key=lambda gap: -abs(gap.z))


def report(title: str, groups: Mapping[str, Sequence[Outcome]], *, limit: float) -> bool:
    """Print the largest gaps of every pair of forms; tell whether all are within ``limit``."""
    names = list(groups)
    agree = True
    for i, ours in enumerate(names):
        for theirs in names[i + 1 :]:
            found = gaps(groups[ours], groups[theirs])
            sizes = f"{len(groups[ours])} and {len(groups[theirs])} seeds"
            print(f"{title}: {ours} against {theirs}, {len(found)} totals, {sizes}")
            for gap in found:
                if gap in found[:3] or abs(gap.z) > limit:
                    print(f"    {gap.name:24} {gap.ours:14.1f} {gap.theirs:14.1f}   z = {gap.z:+.2f}")
            agree = agree and all(abs(gap.z) <= limit for gap in found)
    return agree
