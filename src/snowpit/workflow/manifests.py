"""Manifests of a forecast's plan as files."""

from pathlib import Path

from snowpit.cluster.scenario import Scenario
from snowpit.errors import EvidenceError, ScenarioError
from snowpit.forecast.manifests import manifests


def write_manifests(scenario: Scenario, folder: Path) -> list[str]:
    """Write the manifests for the releases of a scenario; the folder is made where it is missing.

    Args:
        scenario: Whose versions of the API servers and of metrics-server count.
        folder: Where to.

    Returns:
        Paths of the files.

    Raises:
        EvidenceError: If they cannot be written.
        ScenarioError: If the version is not known.
    """
    version = scenario.plane.version
    if version is None:
        raise ScenarioError(
            "Manifests depend on the version, and it is not known.", "Give --server-version 1.12.4."
        )
    release = next((one.release for one in scenario.scrapers if one.release), "")
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in manifests(version, metrics_server=release).items():
            (folder / name).write_text(content, "utf-8")
            written.append(str(folder / name))
    except OSError as error:
        raise EvidenceError(
            f"The manifests cannot be written: {error.strerror}.",
            "Check the folder and the rights of --manifests.",
        ) from error
    return written
