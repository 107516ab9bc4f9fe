"""Manifests of a plan as files: for the releases of the scenario."""

from pathlib import Path

import pytest
import yaml

from snowpit.cluster import scenario_file
from snowpit.errors import EvidenceError
from snowpit.workflow.manifests import write_manifests


def test_an_old_metrics_server_gets_a_kubeconfig_and_a_new_one_arguments(tmp_path: Path) -> None:
    for name in ("incident-1.12", "healthy-1.34"):
        write_manifests(scenario_file.load(name), tmp_path / name)
    old, new = (
        yaml.safe_load((tmp_path / name / "metrics-server-patch.yaml").read_text("utf-8"))[0]["value"]
        for name in ("incident-1.12", "healthy-1.34")
    )
    assert old.startswith("--kubeconfig=")
    assert new.startswith("--kubelet-client-certificate=")
    assert (tmp_path / "incident-1.12" / "metrics-server-kubeconfig.yaml").exists()


def test_the_files_that_are_named_are_there(tmp_path: Path) -> None:
    written = write_manifests(scenario_file.load("healthy-1.34"), tmp_path)
    assert sorted(written) == sorted(str(path) for path in tmp_path.iterdir())
    assert "review-guard.yaml" in {path.name for path in tmp_path.iterdir()}


def test_a_folder_that_cannot_be_made_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", "utf-8")
    with pytest.raises(EvidenceError, match="cannot be written"):
        write_manifests(scenario_file.load("healthy-1.34"), tmp_path / "taken")
