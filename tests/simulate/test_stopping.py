"""A run that is looked at, and stopped when that is enough."""

from snowpit.cluster.scenario_file import load
from snowpit.model.sample import Run
from snowpit.simulate import simulate

SCENARIO = load("incident-1.12", overrides=["horizon=900s"])


def test_looking_at_a_run_changes_nothing() -> None:
    seen: list[float] = []

    def never(run: Run) -> bool:
        seen.append(run.ended_s)
        return False

    assert simulate(SCENARIO, seed=3, stop=never) == simulate(SCENARIO, seed=3)
    assert seen[:2] == [30.0, 60.0]
    assert len(seen) == 28  # none at 600 s, where the burst comes, and none at the horizon


def test_a_stopped_run_is_the_beginning_of_the_whole_one() -> None:
    whole = simulate(SCENARIO, seed=3).samples
    run = simulate(SCENARIO, seed=3, stop=lambda run: run.ended_s >= 700.0)
    assert run.ended_s == 720.0
    assert run.samples.bins == 72
    assert run.samples.clients["apps"]["goodput"] == whole.clients["apps"]["goodput"][:72]
    assert run.samples.servers[0]["backlog"] == whole.servers[0]["backlog"][:72]
