"""Everything that one run knows, as the renderers are given it."""

from dataclasses import dataclass

from snowpit.cluster import ControlPlane
from snowpit.model.evidence import Coverage
from snowpit.model.finding import Diagnosis, Verdict
from snowpit.model.observation import Observed

CLEAN, FOUND, NO_JUDGEMENT = 0, 1, 2
MEANINGS = {
    CLEAN: "nothing found",
    FOUND: "findings",
    NO_JUDGEMENT: "could not judge",
}
"""What the exit codes of ``snowpit diagnose`` say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A diagnosis with what it rests on.

    Args:
        diagnosis: Answer, findings, chain.
        coverage: What was read.
        observed: What was measured.
        plane: What is known of the server.
        remarks: Sentences on how the question was narrowed (time window, filter).
    """

    diagnosis: Diagnosis
    coverage: Coverage
    observed: Observed
    plane: ControlPlane
    remarks: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 nothing found, 1 findings, 2 could not judge."""
        if any(finding.verdict is Verdict.SUPPORTED for finding in self.diagnosis.findings):
            return FOUND
        return CLEAN if self.diagnosis.judged else NO_JUDGEMENT
