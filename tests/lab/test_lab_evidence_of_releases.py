"""What a healthy lab of each release leaves behind is read whole, and accuses nobody."""

from pathlib import Path

import pytest

from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario_file import load
from snowpit.lab.conduct.dumps import DUMPS
from snowpit.lab.conduct.in_memory import EPOCH
from snowpit.model.finding import Verdict
from snowpit.workflow import rehearsal
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source

HORIZON_S = 150.0


@pytest.mark.parametrize("name", ["healthy-1.14", "healthy-1.22", "healthy-1.34"])
def test_a_healthy_lab_is_found_healthy(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    scenario = scaled(load(name, overrides=(f"horizon={HORIZON_S:g}s",)), 0.05)
    rehearsal.study(scenario, 1, folder=folder, epoch=EPOCH)
    case = run(Question(source=Source(paths=rehearsal.evidence(folder))))
    assert not [file.path for file in case.coverage.files if file.rejected]
    first, last = case.observed.window
    assert EPOCH <= first < last <= EPOCH + HORIZON_S * 1e6, "logs without a year are dated by their files"
    assert not [one.id for one in case.diagnosis.findings if one.verdict is Verdict.SUPPORTED]
    assert case.diagnosis.answer.startswith("Nothing in this evidence overloads the API server")
    levels = {level.level for level in case.observed.metrics.levels} if case.observed.metrics else set()
    assert ("system" in levels) == (name != "healthy-1.14")
    dumps = sorted(path.name for path in (folder / "apiserver-0").glob("dump_*.txt"))
    assert dumps == ([] if name == "healthy-1.14" else [f"{dump}.txt" for dump in DUMPS])
