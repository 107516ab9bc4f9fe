"""The page of a rehearsal: that of a simulation, for a lab's samples have the same shape; and three answers side by side."""

from dataclasses import replace

from snowpit.report import simulation
from snowpit.report.content import Page
from snowpit.report.study import Study


def build(study: Study) -> Page:
    """The page of a rehearsed run."""
    return replace(simulation.build(study), title="snowpit lab run")


def compared(lab: str | None, simulator: str | None, cause: str, answer: str) -> str:
    """How lab, simulator and detectors answer, as text.

    Args:
        lab: Verdict on the rehearsed run.
        simulator: Verdict on the simulated one.
        cause: First supported finding; empty for none.
        answer: The diagnosis in words.

    >>> print(compared("stuck", "stuck", "", "No finding."), end="")
    lab: stuck; simulator: stuck: they agree.
    diagnosis of the evidence: no finding
      No finding.
    """
    verdict = "they agree" if lab == simulator else "they disagree"
    return (
        f"lab: {lab or 'no verdict'}; simulator: {simulator or 'no verdict'}: {verdict}.\n"
        f"diagnosis of the evidence: {cause or 'no finding'}\n  {answer}\n"
    )
