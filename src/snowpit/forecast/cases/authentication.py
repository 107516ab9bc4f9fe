"""Cases of token look-ups: A1 to A4."""

from collections.abc import Sequence
from functools import cache

from snowpit.cluster import scenario_file
from snowpit.cluster.scenario import Scenario
from snowpit.knowledge.facts import select
from snowpit.knowledge.version import Version
from snowpit.mechanism.cache_laws import miss_ratio
from snowpit.mechanism.limiter_laws import demand
from snowpit.model.forecast import Interval
from snowpit.model.sample import Run
from snowpit.observe.outcome import Verdict, outcome
from snowpit.observe.replications import spread, wilson
from snowpit.simulate.parallel import Job, run_all

SEEDS = (1, 2, 3, 4)
BUSY = 1e6
"""Calls a second at which every token is asked for at once when it has expired."""

TOKENS_AT_MOST = 10_000
OLD = Version.parse("1.13.0")
COLLAPSED = ("clients.apps.count=2500", "horizon=20min")
"""The incident with clients enough that nothing but a change ends it."""


def fact(name: str, version: Version = OLD) -> float:
    """A default of a release as a number."""
    return float(select(version)[name].value)


def runs(scenario: Scenario, seeds: Sequence[int] = SEEDS) -> tuple[Run, ...]:
    """One run per seed."""
    return run_all([Job(scenario, seed) for seed in seeds], lambda _, run: run)


def exactly(value: float) -> Interval:
    """A prediction without spread."""
    return Interval(value, value, value)


def between(values: Sequence[float]) -> Interval:
    """Median over seeds with its interval."""
    found = spread(values)
    return Interval(found.median, found.low, found.high)


def time_out() -> Interval:
    """A1: limit of a request, authentication included."""
    return exactly(fact("request_timeout_s"))


def throttle_lines() -> Interval:
    """A1: reads that wait at a limiter that is never idle, a line each; simulated."""
    return between([_late(run, "loopback_reads") / run.samples.bin_s for run in _collapsed()])


def certificates() -> Interval:
    """A1: share of the calls with certificates that end well while calls with tokens fail; simulated.

    Reads only: TokenReviews hold mutating seats, which is another matter.
    """
    return between([_total(run, "reads", "goodput") / _ended(run, "reads") for run in _collapsed()])


@cache
def _collapsed() -> tuple[Run, ...]:
    return runs(scenario_file.load("incident-1.12", overrides=COLLAPSED))


def _late(run: Run, measure: str) -> float:
    """Mean of a bin over the second half of a run, first server."""
    values = run.samples.servers[0][measure][run.samples.bins // 2 :]
    return sum(values) / len(values)


def _total(run: Run, population: str, measure: str) -> float:
    return sum(run.samples.clients[population][measure])


def _ended(run: Run, population: str) -> float:
    return _total(run, population, "goodput") + _total(run, population, "failed")


def with_limit() -> Interval:
    """A2: share of runs that end well after the burst of the founding incident; simulated."""
    return _well(scenario_file.load("incident-1.12"))


def without_limit() -> Interval:
    """A2: the same with the limit lifted; simulated."""
    return _well(scenario_file.load("incident-1.12", overrides=("loopback_qps=-1",)))


def _well(scenario: Scenario) -> Interval:
    ended = [outcome(run, horizon_s=scenario.horizon_s).verdict for run in runs(scenario)]
    count = sum(verdict in (Verdict.HEALTHY, Verdict.RECOVERED) for verdict in ended)
    return Interval(count / len(ended), *wilson(count, len(ended)))


def warm_tokens(lookups: int) -> Interval:
    """A3: most tokens whose demand without a queue stays below the limiter, however often they are used."""
    rate, ttl = fact("loopback_qps"), fact("token_cache_success_ttl_s")
    low, high = 1, TOKENS_AT_MOST
    while high - low > 1:
        middle = (low + high) // 2
        asked = demand(0.0, BUSY, tokens=middle, lookups=lookups, ttl=ttl)
        low, high = (middle, high) if asked <= rate else (low, middle)
    return exactly(float(low))


def shard() -> Interval:
    """A3: entries of one stripe of the cache."""
    return exactly(fact("token_cache_entries") / fact("token_cache_stripes"))


def parallel() -> Interval:
    """A3: look-ups per call of 200 parallel calls with one token; simulated."""
    scenario = scenario_file.load("real-apiserver-burst-200-same")
    calls = sum(one.count for one in scenario.clients if one.reviewed is not None)
    return between([sum(run.samples.servers[0]["lookups"]) / calls for run in runs(scenario)])


def cached_lookups(calls_per_s: float, tokens: float) -> Interval:
    """A4: look-ups of tokens that are kept for the time to live."""
    each = calls_per_s / tokens
    return exactly(calls_per_s * miss_ratio(each, fact("token_cache_success_ttl_s")))
