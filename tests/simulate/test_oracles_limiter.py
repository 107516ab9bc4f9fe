"""The simulated loopback limiter agrees with the closed forms of a token bucket with reservations."""

from dataclasses import replace

import numpy as np
import pytest

from snowpit.cluster.scenario import Event, Scenario
from snowpit.cluster.workload import Clients, Delay, Operation, Tokens
from snowpit.mechanism.limiter_laws import bucket_delayed, bucket_mean_delay, burst_completion, full_seats
from support.theory import CERTIFICATE, counted, estimate, open_clients, requests, scenario

INSTANT_S = 1e-7
"""Time of a read: nothing beside a wait."""
BLINK_S = 2.5e-6
"""Longer than a read, shorter than nearly every wait."""

DELETED = Tokens(credential="deleted_token")


def reviews(count: int, *, arrivals: str) -> Clients:
    """Clients that put one uncached token each to review and begin anew at once."""
    return Clients(
        name="a",
        count=count,
        tokens=CERTIFICATE,
        reviewed=Tokens(credential="legacy_token", count=count),
        arrivals=arrivals,
        think=Delay(),
        phase="at_once",
        operation=Operation(
            verb="create",
            group="authentication.k8s.io",
            resource="tokenreviews",
            service=Delay(),
            etcd=False,
        ),
    )


def burst(count: int, *, seats: int) -> Scenario:
    """A burst of reviews of different tokens at one instant that meets a full bucket."""
    given = scenario(
        "1.13.5",
        reviews(count, arrivals="none"),
        horizon=100.0,
        max_mutating_requests_inflight=seats,
        loopback_read_s=INSTANT_S,
    )
    event = Event(at_s=10.0, action="burst", settings={"clients": "a", "requests": count, "spread_s": 0.0})
    return replace(given, events=(event,))


@pytest.mark.parametrize(("size", "within"), [(5, 0.1), (10, 0.25)])
def test_waits_of_poisson_look_ups_at_the_bucket_are_those_of_md1_above_its_burst(
    size: int, within: float
) -> None:
    clients = open_clients(40.0, Delay(), tokens=DELETED)
    values = {"loopback_qps": 50.0, "loopback_burst": size, "loopback_read_s": INSTANT_S}
    rows = requests(scenario("1.13.5", clients, horizon=25_000.0, **values))
    assert set(rows.code) == {401}
    waits = rows.finished - rows.received
    assert estimate((waits > BLINK_S) * 1.0).agrees(bucket_delayed(40.0, 50.0, burst=size), within=within)
    assert estimate(waits).agrees(bucket_mean_delay(40.0, 50.0, burst=size), within=2.0 * within)


@pytest.mark.parametrize("count", [100, 200, 1000])
def test_burst_of_reviews_drains_at_the_instants_of_the_burst_law(count: int) -> None:
    rows = requests(burst(count, seats=count))
    sojourn = np.sort(rows.finished - rows.received)
    law = [burst_completion(position, count) for position in range(1, count + 1)]
    assert set(rows.code) == {201}
    assert sojourn == pytest.approx(law, abs=2e-5)


def test_burst_above_the_seats_is_refused_at_once_and_the_rest_keeps_the_law() -> None:
    rows = requests(burst(300, seats=200))
    served = rows.code == 201
    law = [burst_completion(position, 200) for position in range(1, 201)]
    assert set(rows.code[~served]) == {429}
    assert (rows.finished - rows.received)[~served].max() < BLINK_S
    assert np.sort((rows.finished - rows.received)[served]) == pytest.approx(law, abs=2e-5)


@pytest.mark.parametrize("seats", [150, 200, 400])
def test_full_seats_complete_half_the_tokens_and_hold_each_review_for_two_rounds(seats: int) -> None:
    given = scenario(
        "1.13.5",
        reviews(seats, arrivals="closed"),
        horizon=1000.0,
        max_mutating_requests_inflight=seats,
        token_cache_success_ttl_s=0.0,
        loopback_read_s=INSTANT_S,
    )
    rate, sojourn = full_seats(seats, 50.0)
    rows = requests(given)
    late = rows.received > 200.0
    assert (rows.finished - rows.received)[late].mean() == pytest.approx(sojourn, rel=0.005)
    assert len(rows.received[late]) / (rows.received[-1] - 200.0) == pytest.approx(rate, rel=0.005)
    (held,) = counted(given, names=("seats_mutating",))
    assert set(held) == {seats}
