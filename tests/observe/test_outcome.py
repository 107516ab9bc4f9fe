"""Verdicts on runs whose course is known."""

from dataclasses import replace

import pytest

from snowpit.model.sample import Marker, Samples
from snowpit.observe.outcome import Verdict, outcome
from support.runs import BURST, between, run

HORIZON_S = 3600.0
REMEDY = Marker(at_s=1200.0, title="certificate", trigger=False)


def verdict(shares: list[float], **rest: object) -> Verdict | None:
    return outcome(run(shares, **rest), horizon_s=HORIZON_S).verdict  # type: ignore[arg-type]


def test_a_run_in_which_nothing_fails_is_healthy() -> None:
    assert verdict([]) is Verdict.HEALTHY


def test_a_burst_absorbed_within_half_a_minute_leaves_it_healthy() -> None:
    assert verdict(between(600, 630)) is Verdict.HEALTHY


def test_a_burst_absorbed_more_slowly_is_recovered_from() -> None:
    assert verdict(between(600, 640)) is Verdict.RECOVERED


def test_a_cold_start_is_absorbed_like_a_trigger() -> None:
    assert verdict(between(0, 20), markers=()) is Verdict.HEALTHY


def test_recovery_is_counted_from_the_last_trigger_to_the_end_of_the_last_failing_bin() -> None:
    second = Marker(at_s=700.0, title="second burst", trigger=True)
    found = outcome(run(between(600, 900), markers=(BURST, second)), horizon_s=HORIZON_S)
    assert found.recovered_after_s == 200.0


def test_an_intervention_does_not_restart_the_clock_but_has_its_own() -> None:
    found = outcome(run(between(600, 1320), markers=(BURST, REMEDY)), horizon_s=HORIZON_S)
    assert (found.recovered_after_s, found.recovered_after_intervention_s) == (720.0, 120.0)


def test_an_intervention_after_recovery_gets_no_credit() -> None:
    found = outcome(run(between(600, 900), markers=(BURST, REMEDY)), horizon_s=HORIZON_S)
    assert found.recovered_after_intervention_s is None


def test_failing_to_the_horizon_after_a_trigger_is_stuck() -> None:
    assert verdict(between(600, 3600)) is Verdict.STUCK


def test_a_pause_shorter_than_the_settling_time_before_the_end_is_no_recovery() -> None:
    assert verdict(between(600, 3430)) is Verdict.STUCK
    assert verdict(between(600, 3420)) is Verdict.RECOVERED


def test_failing_to_the_horizon_without_a_trigger_is_overloaded() -> None:
    assert verdict(between(600, 3600), markers=()) is Verdict.OVERLOADED


def test_failing_before_the_trigger_already_is_overloaded() -> None:
    assert verdict(between(300, 3600)) is Verdict.OVERLOADED


def test_a_cold_start_shortly_before_the_trigger_does_not_hide_that_it_was_the_trigger() -> None:
    early = Marker(at_s=100.0, title="burst", trigger=True)
    cold = between(0, 20)
    after = between(100, 3600)
    shares = [max(pair) for pair in zip(cold + [0.0] * len(after), after, strict=False)]
    assert verdict(shares, markers=(early,)) is Verdict.STUCK


def test_what_fails_from_the_start_was_not_tipped_over_by_a_trigger_soon_after() -> None:
    early = Marker(at_s=10.0, title="spike", trigger=True)
    shares = between(2, 60, bin_s=1.0)
    found = outcome(run(shares, markers=(early,), horizon_s=60.0, bin_s=1.0), horizon_s=60.0)
    assert found.verdict is Verdict.OVERLOADED


def test_a_trigger_after_the_end_of_the_run_triggered_nothing() -> None:
    assert verdict(between(100, 500), horizon_s=500.0, markers=(BURST,)) is Verdict.RECOVERED
    found = outcome(run(between(100, 500), horizon_s=500.0), horizon_s=500.0)
    assert found.verdict is Verdict.OVERLOADED


def test_one_bin_alone_is_chance() -> None:
    assert verdict(between(1500, 1510)) is Verdict.HEALTHY


def test_single_bins_that_return_with_every_round_are_not() -> None:
    shares = [0.5 if place % 6 == 0 and place >= 60 else 0.0 for place in range(360)]
    assert verdict(shares) is Verdict.STUCK


def test_one_percent_of_refusals_is_not_yet_failing() -> None:
    assert verdict(between(600, 3600, share=0.01)) is Verdict.HEALTHY
    assert verdict(between(600, 3600, share=0.011)) is Verdict.STUCK


def test_a_limiter_wait_above_a_second_fails_even_if_nobody_is_refused() -> None:
    assert verdict([], wait=dict.fromkeys(range(60, 360), 1.1)) is Verdict.STUCK
    assert verdict([], wait=dict.fromkeys(range(60, 360), 1.0)) is Verdict.HEALTHY


@pytest.mark.parametrize(("markers", "expected"), [((BURST,), Verdict.STUCK), ((), Verdict.OVERLOADED)])
def test_an_overflow_counts_as_failing_to_the_horizon(markers: tuple[Marker, ...], expected: Verdict) -> None:
    made = run(between(600, 900), markers=markers, overflow="backlog: 100,000", ended_s=900.0)
    found = outcome(made, horizon_s=HORIZON_S)
    assert (found.verdict, found.diverged) == (expected, "backlog: 100,000")


def test_the_share_of_failing_bins_counts_from_the_trigger_on() -> None:
    found = outcome(run(between(600, 2100)), horizon_s=HORIZON_S)
    assert (found.failing_share, found.worst_share) == (0.5, 0.5)


def test_a_client_that_can_never_succeed_says_nothing_about_load() -> None:
    made = run([])
    bins = made.samples.bins
    lost = {name: [0.0] * bins for name in made.samples.clients["apps"]} | {
        "attempts": [100.0] * bins,
        "failed": [100.0] * bins,
    }
    samples = Samples(
        bin_s=10.0, bins=bins, servers=made.samples.servers, clients={**made.samples.clients, "deleted": lost}
    )
    assert outcome(replace(made, samples=samples), horizon_s=HORIZON_S).verdict is Verdict.HEALTHY


def test_a_model_without_a_course_in_time_gets_no_verdict() -> None:
    found = outcome(run([], horizon_s=0.0, wait={}), horizon_s=0.0)
    assert found.verdict is None
