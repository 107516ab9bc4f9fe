"""The simulated token cache agrees with the laws of a cache whose fill takes time, and of a dogpile's recovery."""

from dataclasses import replace

import numpy as np
import pytest

from snowpit.cluster.scenario import Event, Scenario
from snowpit.cluster.workload import Delay, Tokens
from snowpit.mechanism.cache_laws import dogpile_recovery, lookup_ratio_coalesced, miss_ratio
from support.theory import counted, open_clients, ratio, scenario

ONE_TOKEN = Tokens(credential="legacy_token")


def cache(rate: float, ttl: float, fill: float, *, coalesces: bool) -> Scenario:
    """Poisson requests with one token whose look-up is one read of constant time, without a limiter."""
    return scenario(
        "1.13.5",
        open_clients(rate, Delay(), tokens=ONE_TOKEN),
        horizon=400_000 / rate,
        loopback_qps=-1,
        loopback_read_s=max(fill, 1e-9),
        loopback_read_sigma=0.0,
        lookups_legacy_live=1,
        token_cache_success_ttl_s=ttl,
        token_cache_coalesces=int(coalesces),
    )


@pytest.mark.parametrize(
    ("rate", "ttl", "fill"), [(1.0, 10.0, 0.0), (1.0, 10.0, 3.0), (10.0, 10.0, 5.0), (0.2, 10.0, 10.0)]
)
def test_misses_without_coalescing_are_those_of_the_law(rate: float, ttl: float, fill: float) -> None:
    misses, hits = counted(cache(rate, ttl, fill, coalesces=False), names=("cache_misses", "cache_hits"))
    assert ratio(misses, misses + hits).agrees(miss_ratio(rate, ttl, fill=fill), within=0.03)


@pytest.mark.parametrize(("rate", "fill"), [(1.0, 0.0), (1.0, 3.0), (10.0, 5.0), (1.0, 30.0)])
def test_look_ups_with_coalescing_are_those_of_single_flight(rate: float, fill: float) -> None:
    given = cache(rate, 10.0, fill, coalesces=True)
    lookups, misses, hits = counted(given, names=("lookups", "cache_misses", "cache_hits"))
    assert ratio(lookups, misses + hits).agrees(lookup_ratio_coalesced(rate, 10.0, fill=fill), within=0.03)


@pytest.mark.parametrize(("rate", "backlog"), [(25.0, 500), (50.0, 500), (100.0, 500), (100.0, 1000)])
def test_backlog_of_one_token_is_gone_when_the_law_says(rate: float, backlog: int) -> None:
    given = scenario(
        "1.13.5",
        open_clients(rate, Delay(), tokens=ONE_TOKEN),
        horizon=600.0,
        loopback_burst=1,
        max_requests_inflight=10**6,
    )
    event = Event(at_s=0.0, action="backlog", settings={"lookups": backlog})
    given = replace(given, events=(event,), bin_s=0.5)
    (waiting,) = counted(given, names=("backlog",))
    recovered = (np.flatnonzero(waiting == 0.0)[0] + 1) * given.bin_s
    assert recovered == pytest.approx(dogpile_recovery(rate, backlog), rel=0.1)
