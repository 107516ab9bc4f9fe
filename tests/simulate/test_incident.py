"""The founding incident: it tips over, it stays so, and what was tried helps or does not, as it did."""

import pytest

from snowpit.cluster import scenario_file
from snowpit.model.sample import Run
from snowpit.observe.outcome import Outcome, Verdict, outcome
from snowpit.simulate import simulate

SEEDS = range(1, 13)


def judged(name: str, seed: int) -> Outcome:
    scenario = scenario_file.load(name)
    run: Run = simulate(scenario, seed=seed)
    assert run.ended_s == scenario.horizon_s == 3600.0
    return outcome(run, horizon_s=scenario.horizon_s)


def test_burst_leaves_the_incident_stuck_for_an_hour_with_every_seed() -> None:
    assert [judged("incident-1.12", seed).verdict for seed in SEEDS] == [Verdict.STUCK] * len(SEEDS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_same_cluster_without_the_burst_stays_healthy(seed: int) -> None:
    found = judged("incident-1.12-no-burst", seed)
    assert (found.verdict, found.failing_share) == (Verdict.HEALTHY, 0.0)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("cure", ["certificate", "static-token", "upgrade-1.14", "upgrade-1.17"])
def test_cure_brings_the_cluster_back(cure: str, seed: int) -> None:
    found = judged(f"incident-1.12-{cure}", seed)
    assert found.verdict == Verdict.RECOVERED
    assert found.recovered_after_intervention_s is not None
    assert 0.0 < found.recovered_after_intervention_s < 1200.0


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("attempt", ["restart", "raised-limit"])
def test_first_reflexes_do_not_help(attempt: str, seed: int) -> None:
    assert judged(f"incident-1.12-{attempt}", seed).verdict == Verdict.STUCK


def test_one_token_for_all_heals_by_itself_in_about_the_time_of_the_law() -> None:
    found = judged("single-token-1.12", 1)
    assert found.verdict == Verdict.RECOVERED
    assert found.recovered_after_s is not None
    backlog_s, load = 5000 / 50, 70 / 50
    law = backlog_s * (1 + 2 * load + 2 * load**2)
    assert 0.5 * law < found.recovered_after_s < 2.0 * law
