"""From evidence to a scenario: read, narrow, observe, calibrate."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.calibrate import calibrate
from snowpit.forecast.calibrate.fit import fit
from snowpit.model.forecast import Calibration
from snowpit.observe.demand import demand
from snowpit.simulate.parallel import Progress
from snowpit.workflow.diagnosis import Question, known
from snowpit.workflow.evidence import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A scenario that was read off evidence.

    Args:
        scenario: The scenario.
        calibration: Where each value comes from, and what the evidence cannot tell.
        remarks: Sentences on how the evidence was narrowed, and where it contradicts itself.
    """

    scenario: Scenario
    calibration: Calibration
    remarks: tuple[str, ...]


def run(
    question: Question, *, name: str = "calibrated", fitted: bool = False, progress: Progress | None = None
) -> Calibrated:
    """Make a scenario of evidence.

    Args:
        question: The evidence, and what the user knows of the server.
        name: Name of the scenario.
        fitted: Fit by simulation what stays assumed and shows in a failure.
        progress: Told how far fitting has come.

    Raises:
        EvidenceError: If the evidence cannot be read, tells no version, or shows too little.
        QueryError: If the window or the filter does not hold.
        FactError: If the version or a limit is none.
    """
    with known(question) as (evidence, observed, plane, conflicts):
        asked = demand(evidence.tables)
        scenario, calibration = calibrate(observed, plane, asked, name=name)
        if fitted:
            scenario, calibration = fit(scenario, calibration, asked.signs, progress=progress)
        return Calibrated(scenario=scenario, calibration=calibration, remarks=(*evidence.remarks, *conflicts))


def calibrated(paths: Sequence[Path]) -> tuple[Scenario, Calibration]:
    """A scenario of evidence, with nothing narrowed and nothing known beside it.

    Args:
        paths: Files and folders.

    Raises:
        EvidenceError: If the evidence cannot be read, tells no version, or shows too little.
    """
    found = run(Question(source=Source(paths=[str(path) for path in paths])))
    return found.scenario, found.calibration
