"""Replications in threads: order, failures, progress; samples as Parquet; a simulated table before the detectors."""

from pathlib import Path
from threading import Barrier

import duckdb
import pytest

from snowpit.cluster.scenario import Scenario
from snowpit.errors import EvidenceError, ScenarioError
from snowpit.model.sample import Run
from snowpit.observe.outcome import Verdict
from snowpit.simulate import parallel
from snowpit.workflow import simulation
from support.runs import between, run, scenario


def made_up(monkeypatch: pytest.MonkeyPatch, ends: dict[int, float]) -> None:
    def simulate(_: Scenario, *, seed: int, stop: object = None) -> Run:  # noqa: ARG001
        return run(between(600, ends[seed]), seed=seed)

    monkeypatch.setattr(parallel, "simulate", simulate)


def test_runs_come_in_order_of_seeds_whichever_ends_first(monkeypatch: pytest.MonkeyPatch) -> None:
    both = Barrier(2)

    def simulate(_: Scenario, *, seed: int, stop: object = None) -> Run:  # noqa: ARG001
        both.wait(timeout=10)
        return run([], seed=seed)

    monkeypatch.setattr(parallel, "simulate", simulate)
    monkeypatch.setattr(parallel, "cores", lambda: 2)
    assert [item.seed for item in simulation.replicate(scenario(), [7, 3])] == [7, 3]


def test_every_seed_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up(monkeypatch, {1: 610.0, 2: 3600.0, 3: 900.0})
    found = simulation.study(scenario(), [1, 2, 3])
    assert [item.verdict for item in found.outcomes] == [Verdict.HEALTHY, Verdict.STUCK, Verdict.RECOVERED]


def test_progress_ends_with_all_done(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up(monkeypatch, dict.fromkeys(range(5), 900.0))
    told: list[tuple[int, int]] = []
    simulation.replicate(scenario(), range(5), progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (5, 5)


def test_a_failure_is_raised_and_ends_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    def simulate(_: Scenario, *, seed: int, stop: object = None) -> Run:  # noqa: ARG001
        raise ScenarioError(f"seed {seed} does not run")

    monkeypatch.setattr(parallel, "simulate", simulate)
    with pytest.raises(ScenarioError):
        simulation.replicate(scenario(), range(100))


def test_ctrl_c_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up(monkeypatch, dict.fromkeys(range(3), 900.0))

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulation.replicate(scenario(), range(3), progress=stop)


def test_no_seed_is_an_error() -> None:
    with pytest.raises(ScenarioError):
        simulation.study(scenario(), [])


def test_samples_of_all_seeds_stand_in_the_parquet_file(tmp_path: Path) -> None:
    runs = [run(between(600, 900), seed=seed) for seed in (1, 2)]
    path = tmp_path / "it's.parquet"
    rows = simulation.write_parquet(runs, path)
    with duckdb.connect() as database:
        found = database.execute(
            "SELECT count(*), count(DISTINCT seed), sum(value) FILTER (name = 'apps' AND measure = 'refusals' AND seed = 2),"
            " max(start_s) FROM read_parquet(?)",
            [str(path)],
        ).fetchone()
    assert found == (rows, 2, 30 * 500.0, 3590.0)


def test_a_parquet_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError):
        simulation.write_parquet([run([])], tmp_path / "missing" / "a.parquet")
