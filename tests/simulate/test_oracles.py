"""Seats and queues of the simulated API server agree with queueing theory, by confidence intervals from fixed seeds."""

import numpy as np
import pytest

from snowpit.cluster.workload import Clients, Delay, Operation, Retry
from snowpit.mechanism import queueing
from snowpit.mechanism.queueing_feedback import erlang_a, machine_repair, retrial_rate
from snowpit.simulate import simulate
from support.theory import (
    CERTIFICATE,
    counted,
    estimate,
    exponential,
    found_inside,
    kept_requests,
    open_clients,
    queue,
    ratio,
    requests,
    scenario,
)


@pytest.mark.parametrize(
    ("seats", "load", "law", "within"),
    [
        (10, 8.0, "exponential", 0.05),
        (10, 8.0, "constant", 0.05),
        (10, 8.0, "lognormal", 0.05),
        (200, 190.0, "exponential", 0.15),
    ],
)
def test_refused_share_of_gate_is_erlang_b_whatever_the_law_of_service(
    seats: int, load: float, law: str, within: float
) -> None:
    clients = open_clients(load, Delay(law=law, mean_s=1.0))
    given = scenario("1.13.5", clients, horizon=1_000_000 / load, max_requests_inflight=seats)
    rejected, offered = counted(given, names=("rejected", "offered"))
    assert ratio(rejected, offered).agrees(queueing.erlang_b(seats, load), within=within)


def test_sojourn_with_one_seat_and_queue_is_that_of_mm1_in_mean_and_law() -> None:
    rows = requests(queue(open_clients(0.8, exponential(1.0)), seats=1, horizon=1_200_000.0))
    sojourn = rows.finished - rows.received
    assert estimate(sojourn).agrees(queueing.mm1_sojourn(0.8, 1.0), within=0.05)
    for seconds in (1.0, 5.0, 10.0):
        law = queueing.mm1_sojourn_above(0.8, 1.0, seconds=seconds)
        assert estimate((sojourn > seconds) * 1.0).agrees(law, within=0.1)


@pytest.mark.parametrize(("seats", "rate"), [(5, 4.0), (10, 8.0)])
def test_waits_for_several_seats_follow_erlang_c(seats: int, rate: float) -> None:
    rows = requests(queue(open_clients(rate, exponential(1.0)), seats=seats, horizon=800_000 / rate))
    waits = (found_inside(rows) >= seats) * 1.0
    assert estimate(waits).agrees(queueing.erlang_c(seats, rate), within=0.05)
    law = 1.0 + queueing.mmc_wait(seats, rate, service_rate=1.0)
    assert estimate(rows.finished - rows.received).agrees(law, within=0.05)


@pytest.mark.parametrize(("seats", "rate", "leaving"), [(5, 6.0, 0.5), (1, 1.2, 0.1)])
def test_share_that_leaves_a_queue_is_that_of_erlang_a(seats: int, rate: float, leaving: float) -> None:
    clients = open_clients(rate, exponential(1.0), patience=exponential(1.0 / leaving))
    given = queue(clients, seats=seats, horizon=250_000 / rate, disconnect_frees_seat=0)
    rejected, offered, queued = counted(given, names=("rejected", "offered", "queued"))
    law = erlang_a(seats, rate, service_rate=1.0, abandonment_rate=leaving)
    assert ratio(rejected, offered).agrees(law.abandoning, within=0.1)
    assert estimate(queued).agrees(law.queue, within=0.35)


def test_clients_that_free_their_seat_when_they_leave_follow_the_birth_death_chain() -> None:
    rate, leaving = 1.2, 0.1
    weights = np.cumprod([1.0, *(rate / (1.0 + n * leaving) for n in range(1, 200))])
    law = weights / weights.sum()
    clients = open_clients(rate, exponential(1.0), patience=exponential(1.0 / leaving))
    given = queue(clients, seats=1, horizon=500_000 / rate, disconnect_frees_seat=1)
    inside = found_inside(requests(given))
    assert estimate(inside).agrees(float(law @ np.arange(200)), within=0.05)
    for n in (0, 1, 3):
        assert estimate((inside == n) * 1.0).agrees(law[n], within=0.1)


@pytest.mark.parametrize("count", [20, 40])
def test_closed_clients_at_one_seat_follow_machine_repair(count: int) -> None:
    asked = Operation(service=exponential(0.5), etcd=False)
    clients = Clients(
        name="a", count=count, think=exponential(10.0), operation=asked, tokens=CERTIFICATE, phase="think"
    )
    law = machine_repair(count, 10.0, service_rate=2.0)
    rows = requests(queue(clients, seats=1, horizon=200_000.0))
    answered = np.bincount((rows.finished / 200.0).astype(int), minlength=1000)[:990]
    assert estimate(answered / 200.0).agrees(law.throughput, within=0.02)
    assert estimate(rows.finished - rows.received).agrees(law.sojourn, within=0.04)


@pytest.mark.parametrize(("seats", "rate"), [(1, 0.5), (10, 8.0)])
def test_refused_clients_that_come_back_late_make_the_attempts_of_slow_retrials(
    seats: int, rate: float
) -> None:
    again = Retry(steps=10**9, base_s=50.0, jitter=2.0, on=("rejected",))
    clients = open_clients(rate, exponential(1.0), retry=again)
    given = scenario("1.13.5", clients, horizon=1_000_000 / rate, max_requests_inflight=seats)
    (offered,) = counted(given, names=("offered",))
    law = retrial_rate(seats, rate, service_rate=1.0)
    found = estimate(offered / given.bin_s)
    assert abs(found.mean - law) < found.half + 0.01 * law
    assert found.half < 0.04 * law


def test_kept_requests_are_those_of_the_loop_to_the_microsecond() -> None:
    given = queue(open_clients(4.0, exponential(1.0)), seats=5, horizon=500.0)
    loop, kept = requests(given), kept_requests(given)
    assert kept.received == pytest.approx(loop.received, abs=6e-7)
    assert kept.finished == pytest.approx(loop.finished, abs=6e-7)
    assert set(kept.code) == set(loop.code) == {200}


@pytest.mark.parametrize("law", ["constant", "exponential", "lognormal"])
def test_seats_taken_are_arrival_rate_times_time_on_them_by_little(law: str) -> None:
    seconds, rate = 2_000.0, 800.0
    given = scenario("1.13.5", open_clients(rate, Delay(law=law, mean_s=0.05)), horizon=seconds)
    run = simulate(given, seed=1)
    seats = np.array(run.samples.servers[0]["seats_readonly"])
    clients = next(iter(run.samples.clients.values()))
    sojourn = sum(clients["sojourn_s"]) / sum(clients["goodput"])
    arrivals = sum(run.samples.servers[0]["offered"]) / seconds
    assert sojourn == pytest.approx(0.05, rel=0.01)
    spread = seats.std() / len(seats) ** 0.5
    assert abs(seats.mean() - arrivals * sojourn) < 4.0 * spread
    assert spread < 0.02 * seats.mean()
