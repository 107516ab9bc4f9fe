"""What several seeds of one scenario say together: shares with Wilson intervals, medians with order statistics."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import comb, isfinite, sqrt
from statistics import NormalDist, median
from typing import NamedTuple

from snowpit.errors import ScenarioError
from snowpit.model.sample import Run, Samples
from snowpit.observe.outcome import Outcome, Verdict, happened, reached

CONFIDENCE = 0.95
WINDOW_S = 300.0
"""Length of the windows before the first trigger and at the end, at most a third of their stretch."""

WORST_S = 60.0
"""The worst is the worst mean over this long."""


class Spread(NamedTuple):
    """A value over seeds.

    Args:
        median: Median.
        low: Lower end.
        high: Upper end.
    """

    median: float
    low: float
    high: float


class Track(NamedTuple):
    """A series that reports show.

    Args:
        name: Key.
        label: Words.
        unit: Unit.
        combine: From samples of one run to a number per bin.
        worst: ``max`` or ``min``: which end is bad.
    """

    name: str
    label: str
    unit: str
    combine: Callable[[Samples], list[float]]
    worst: str = "max"


def wilson(successes: int, n: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval of a share by Wilson's score: it holds for few seeds and for 0 or n successes.

    Args:
        successes: Seeds that show it.
        n: Seeds.
        confidence: Probability that such intervals cover the true share.

    Raises:
        ScenarioError: Unless 0 <= successes <= n and n > 0.

    Reference:
        Wilson, Journal of the American Statistical Association 22, 1927, 209-212.

    >>> [round(end, 3) for end in wilson(12, 12)]
    [0.758, 1.0]
    """
    if not 0 <= successes <= n or n < 1:
        raise ScenarioError(f"{successes} of {n} is no share.", "Run at least one seed.")
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share, square = successes / n, z * z / n
    centre = (share + square / 2.0) / (1.0 + square)
    half = z / (1.0 + square) * sqrt(share * (1.0 - share) / n + square / (4.0 * n))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    return low, 1.0 if successes == n else min(1.0, centre + half)


def spread(values: Sequence[float], *, confidence: float = CONFIDENCE) -> Spread:
    """Median with an interval by order statistics, which assumes no law.

    The k-th smallest and largest value cover the median with probability 1 - 2 P(Binomial(n, 1/2) < k); k is the
    largest that reaches the confidence. Below six values none does at 95 %: the interval is then all of them.

    >>> spread([3.0, 1.0, 2.0])
    Spread(median=2.0, low=1.0, high=3.0)
    """
    ordered, n = sorted(values), len(values)
    k, outside = 1, 2.0 / 2**n
    while k < n // 2 and outside + 2.0 * comb(n, k) / 2**n <= 1.0 - confidence:
        outside += 2.0 * comb(n, k) / 2**n
        k += 1
    return Spread(median(ordered), ordered[k - 1], ordered[n - k])


def verdicts(outcomes: Sequence[Outcome]) -> dict[Verdict, int]:
    """Number of seeds by verdict, all verdicts named."""
    counted = Counter(item.verdict for item in outcomes)
    return {verdict: counted[verdict] for verdict in Verdict}


def _servers(name: str, *, rate: bool = False, most: bool = False) -> Callable[[Samples], list[float]]:
    """A server measure over all servers: added up (per second if a rate), or the largest."""

    def combine(samples: Samples) -> list[float]:
        width = samples.bin_s if rate else 1.0
        found = [by_name[name] for by_name in samples.servers if name in by_name]
        if not found:
            return []
        fold: Callable[[Sequence[float]], float] = max if most else sum
        return [fold(values) / width for values in zip(*found, strict=True)]

    return combine


def asking(samples: Samples) -> list[str]:
    """Populations that call API servers; scrapers call kubelets, and their reviews are populations of their own."""
    scrapers = {name.partition("/")[0] for name in samples.clients if "/" in name}
    return [name for name in samples.clients if name not in scrapers]


def _clients(name: str) -> Callable[[Samples], list[float]]:
    """A client measure per second, over all populations that call API servers."""

    def combine(samples: Samples) -> list[float]:
        found = [samples.clients[who][name] for who in asking(samples) if name in samples.clients[who]]
        return [sum(values) / samples.bin_s for values in zip(*found, strict=True)]

    return combine


def _dead_share(samples: Samples) -> list[float]:
    """Look-ups that ended unwanted, as share of all that ended."""
    all_, dead = _servers("lookups")(samples), _servers("dead_lookups")(samples)
    return [part / whole if whole else 0.0 for part, whole in zip(dead, all_, strict=True)]


TRACKS = (
    Track("offered", "offered", "/s", _clients("attempts")),
    Track("goodput", "goodput", "/s", _clients("goodput"), "min"),
    Track("rejected", "rejected (429)", "/s", _clients("refusals")),
    Track("timed_out", "timed out", "/s", _clients("timeouts")),
    Track("failed", "calls given up", "/s", _clients("failed")),
    Track("throttle_wait", "limiter wait", "s", _servers("throttle_wait_s", most=True)),
    Track("backlog", "limiter backlog", "reads", _servers("backlog")),
    Track("seats_mutating", "seats, writes", "seats", _servers("seats_mutating")),
    Track("seats_readonly", "seats, reads", "seats", _servers("seats_readonly")),
    Track("queued", "queued for seats", "requests", _servers("queued")),
    Track("authenticating", "in authentication", "requests", _servers("authenticating")),
    Track("dead_work", "dead work under way", "look-ups", _servers("dead_work")),
    Track("dead_share", "dead look-ups ended", "share", _dead_share),
    Track("fresh_tokens", "fresh tokens", "tokens", _servers("fresh_tokens"), "min"),
)
"""Rates are those of clients of the API servers; states are summed over servers, the limiter wait is the longest."""


def series(runs: Sequence[Run]) -> dict[str, tuple[Spread, ...]]:
    """Median, smallest and largest value over seeds, by track and bin; runs that overflowed lack their last bins."""
    found = {}
    for track in TRACKS:
        lines = [track.combine(run.samples)[: reached(run)] for run in runs]
        longest = max(map(len, lines), default=0)
        found[track.name] = tuple(
            _extent([line[place] for line in lines if place < len(line)]) for place in range(longest)
        )
    return {name: values for name, values in found.items() if values}


def _extent(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))


def numbers(runs: Sequence[Run]) -> dict[str, dict[str, Spread]]:
    """By track: ``before`` the first trigger, at ``worst`` (a mean over 60 s) and at the ``end``, over seeds.

    The windows before the trigger and at the end are 300 s long or a third of what there is. Without a trigger the
    first third of the run stands for before.
    """
    found: dict[str, dict[str, Spread]] = {}
    for track in TRACKS:
        per_run = [item for item in (_stages(run, track) for run in runs) if item]
        if per_run:
            found[track.name] = {
                stage: spread([item[stage] for item in per_run]) for stage in ("before", "worst", "end")
            }
    return found


def _stages(run: Run, track: Track) -> Mapping[str, float]:
    values = track.combine(run.samples)[: reached(run)]
    if not values:
        return {}
    bin_s = run.samples.bin_s
    first = next((marker.at_s for marker in happened(run) if marker.trigger), 0.0)
    kick = int(first / bin_s)
    calm = values[: kick or max(1, len(values) // 3)]
    after = values[kick:] or values[-1:]
    width = max(1, round(WORST_S / bin_s))
    means = _rolling(after, min(width, len(after)))
    return {
        "before": _mean(calm[-_window(len(calm), bin_s) :]),
        "worst": max(means) if track.worst == "max" else min(means),
        "end": _mean(after[-_window(len(after), bin_s) :]),
    }


def _window(bins: int, bin_s: float) -> int:
    return max(1, min(int(WINDOW_S / bin_s), bins // 3))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _rolling(values: Sequence[float], width: int) -> list[float]:
    """Means over ``width`` neighbours."""
    total = sum(values[:width])
    found = [total / width]
    for place in range(width, len(values)):
        total += values[place] - values[place - width]
        found.append(max(0.0, total / width))
    return found


def counts(runs: Sequence[Run]) -> dict[str, Spread]:
    """Whole-run counts over seeds, by name."""
    names = dict.fromkeys(name for run in runs for name in run.counts)
    found = {
        name: [run.counts[name] for run in runs if isfinite(run.counts.get(name, float("nan")))]
        for name in names
    }
    return {name: spread(values) for name, values in found.items() if values}


class Population(NamedTuple):
    """What became of the calls of one population: medians over seeds of whole runs.

    Args:
        calls: Calls begun.
        attempts: Attempts sent for them.
        good_share: Of the calls that ended, those that ended well in time; null if none ended.
        failed: Calls given up.
        refusals: Attempts answered 429.
        timeouts: Attempts that timed out.
        sojourn_s: Mean time from the begin of a call to its good end, s; null if none ended well.
    """

    calls: float
    attempts: float
    good_share: float | None
    failed: float
    refusals: float
    timeouts: float
    sojourn_s: float | None


def populations(runs: Sequence[Run]) -> dict[str, Population]:
    """What became of the calls of each population, by name."""
    names = dict.fromkeys(name for run in runs for name in run.samples.clients)
    return {name: _population([run.samples.clients.get(name, {}) for run in runs]) for name in names}


def _population(seeds: Sequence[Mapping[str, Sequence[float]]]) -> Population:
    def total(seed: Mapping[str, Sequence[float]], name: str) -> float:
        return sum(seed.get(name, ()))

    def middle(name: str) -> float:
        return median(total(seed, name) for seed in seeds)

    pairs = [(total(seed, "goodput"), total(seed, "failed"), total(seed, "sojourn_s")) for seed in seeds]
    shares = [good / (good + lost) for good, lost, _ in pairs if good + lost]
    times = [spent / good for good, _, spent in pairs if good]
    return Population(
        middle("calls"),
        middle("attempts"),
        median(shares) if shares else None,
        middle("failed"),
        middle("refusals"),
        middle("timeouts"),
        median(times) if times else None,
    )
