"""What a calibration takes for the trigger, and what it says when none shows."""

from dataclasses import replace

import pytest

from snowpit.forecast.calibrate.trigger import LATE, UNKNOWN, WAITS, happened, present
from snowpit.model.forecast import Present
from snowpit.model.observation import Lifetime, Logs
from snowpit.model.observation.demand import Demand, Limiter, Newcomers, Stretches
from snowpit.model.window import Window
from support.observed import healthy

SECOND = 1_000_000
ONSET = 700 * SECOND
LIMITER = Limiter(
    seen=0,
    secrets=3,
    names=(),
    read=None,
    rate=50.0,
    rate_low=50.0,
    rate_high=50.0,
    grant=None,
    waits=100,
    wait_s=40.0,
    slope=0.5,
    reserved_before_s=40.0,
    returns_s=31.0,
    returning=None,
)


def demand(*, calm_s: int = 600, newcomers: Newcomers | None = None, fails_now: bool = True) -> Demand:
    calm = Window(ONSET - calm_s * SECOND, ONSET)
    return Demand(
        window=Window(0, 2000 * SECOND),
        stretches=Stretches(calm, ONSET, Window(ONSET, 2000 * SECOND), fails_now=fails_now),
        base=calm,
        servers=1,
        nodes=10,
        asking=(),
        tokens=(10, 10),
        callers=2,
        sources=1,
        gap_cv=None,
        rounds=None,
        limiter=LIMITER,
        newcomers=newcomers,
        rejected_per_s=5.0,
    )


def comers(tokens: int, asks: float) -> Newcomers:
    return Newcomers(
        tokens=tokens,
        asks=asks,
        within_s=2.0,
        first_at=ONSET,
        namespace="batch",
        subject="",
        verb="get",
        group="",
        resource="configmaps",
        reference="waits of look-ups in the log",
    )


def started(at: int) -> Logs:
    life = Lifetime(
        component="kube-apiserver",
        server="",
        starts=(at,),
        stops=(),
        versions=(),
        shortest_s=None,
        median_s=None,
    )
    return Logs(
        lines={}, components=("kube-apiserver",), first_at=0, last_at=2000 * SECOND, lifetimes=(life,)
    )


def test_a_restart_just_before_the_onset_is_the_trigger() -> None:
    observed = replace(healthy(), logs=started(ONSET - 20 * SECOND))
    story, _ = happened(observed, demand(newcomers=comers(80, 5.0)), Present())
    assert [event.action for event in story.events] == ["restart"]


def test_a_restart_long_before_it_is_none() -> None:
    observed = replace(healthy(), logs=started(ONSET - 300 * SECOND))
    story, _ = happened(observed, demand(newcomers=comers(80, 5.0)), Present())
    assert [event.action for event in story.events] == ["burst"]


@pytest.mark.parametrize(("asks", "steps"), [(5.0, 5), (1.0, 1), (80.0, 1_000_000)])
def test_newcomers_try_as_often_as_they_were_seen_to(asks: float, steps: int) -> None:
    story, _ = happened(healthy(), demand(newcomers=comers(80, asks)), Present())
    (who,) = story.clients
    assert (who.count, who.retry.steps, who.patience.mean_s) == (80, steps, 30.0)
    assert story.events[0].settings == {"clients": "newcomers", "requests": 80, "spread_s": 2.0}
    assert story.events[0].at_s == 600.0


def test_a_few_newcomers_are_no_trigger() -> None:
    story, part = happened(healthy(), demand(newcomers=comers(3, 5.0)), Present(backlog=2000.4))
    assert story.events[0].settings == {"lookups": 2000}
    assert UNKNOWN in part.unidentified


def test_evidence_that_begins_in_the_trouble_says_so() -> None:
    story, part = happened(healthy(), demand(calm_s=20), Present(backlog=2000.0))
    assert story.events == ()
    assert LATE in part.unidentified


def test_the_queue_now_is_carried_on_from_the_last_look_up() -> None:
    found, _ = present(healthy(), demand(), 50.0)
    assert found.throttle_wait_s == 60.0
    assert found.backlog == 3000.0


def test_a_queue_that_is_over_is_not_carried_on() -> None:
    found, _ = present(healthy(), demand(fails_now=False), 50.0)
    assert found.throttle_wait_s == 40.0


def test_a_queue_of_which_no_log_tells_is_unknown() -> None:
    silent = replace(demand(), limiter=replace(LIMITER, wait_s=None, slope=None))
    found, part = present(healthy(), silent, 50.0)
    assert found.backlog is None
    assert part.unidentified == (WAITS,)
