"""From observations to findings: hypotheses set against each other. Measures nothing."""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.judge import judge
from snowpit.diagnose.registry import DETECTORS
from snowpit.diagnose.sources import sourced, unseen
from snowpit.model.finding import Diagnosis
from snowpit.model.observation import Observed

__all__ = ["diagnose"]


def diagnose(observed: Observed, plane: ControlPlane) -> Diagnosis:
    """Ask every detector, then let the judge rank and connect their answers.

    Args:
        observed: All observations of the window.
        plane: The server, as far as known.
    """
    findings = [detector.detect(observed, plane) for detector in DETECTORS]
    return judge([sourced(unseen(item, observed), observed) for item in findings], observed, plane)
