"""An exploration gives the same whatever was finished before, and goes on after a kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snowpit.errors import EvidenceError, ScenarioError
from snowpit.forecast.explore.back_ends import opened
from snowpit.forecast.explore.gathered import Exploration
from snowpit.forecast.explore.journal import NAME
from snowpit.workflow.explore import Varied, explored

SETTINGS = ("horizon=120s", "clients.apps.count=200", "kubelets.count=100")
OVER = ("tokens=10,50", "limit=100,200,400")
SEEDS = range(1, 4)
PATIENCE_S = 60.0


def swept(folder: Path | None = None, done: list[int] | None = None) -> Exploration:
    varied = Varied("incident-1.12", SETTINGS)
    told = (lambda number, _total: done.append(number)) if done is not None else None
    return explored(varied, varied.axes(OVER), question="ending", seeds=SEEDS, folder=folder, progress=told)


def test_answers_stand_in_the_order_of_points_and_seeds() -> None:
    found = swept()
    assert [point.seed for point in found.points[:4]] == [1, 2, 3, 1]
    assert [dict(point.at)["clients.apps.tokens.count"] for point in found.points] == ["10"] * 9 + ["50"] * 9
    assert len({str(point.answer) for point in found.points[:3]}) == 3


def test_a_second_run_takes_what_the_first_has_finished(tmp_path: Path) -> None:
    done: list[int] = []
    first = swept(tmp_path, done)
    assert done == list(range(1, 19))
    assert swept(tmp_path, done) == first
    assert len(done) == 18


def test_after_a_kill_it_goes_on_and_gives_the_same(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from test_explore_run import swept;"
        " swept(Path(sys.argv[2]))"
    )
    child = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)]
    )
    journal, until = tmp_path / NAME, time.monotonic() + PATIENCE_S
    while not (journal.exists() and journal.read_bytes().count(b"\n") > 3) and time.monotonic() < until:
        time.sleep(0.005)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    kept = journal.read_bytes()
    done: list[int] = []
    assert swept(tmp_path, done).points == swept().points
    assert 0 < len(done) < 18
    assert journal.read_bytes().startswith(kept[: kept.rindex(b"\n") + 1])


@pytest.mark.parametrize("address", ["dask", "dask://", "http://a:1", "dask://a b:1", "ray://\x1b[31m:1"])
def test_what_is_no_address_of_a_cluster_is_refused(address: str) -> None:
    with pytest.raises(ScenarioError, match="no cluster") as raised, opened(address):
        pass
    assert "\x1b" not in raised.value.message


def test_a_cluster_that_does_not_answer_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed")
    monkeypatch.setattr("snowpit.forecast.explore.back_ends.CONNECT_S", 0.5)
    with (
        pytest.raises(EvidenceError, match="No Dask scheduler answers at 127"),
        opened("dask://127.0.0.1:9"),
    ):
        pass
