import json
from pathlib import Path

import pytest

from support.program import snowpit

QUIET = """
extends = "incident-1.12-no-burst"
name = "quiet"
horizon = "60s"
"""


@pytest.fixture
def quiet(tmp_path: Path) -> str:
    path = tmp_path / "quiet.toml"
    path.write_text(QUIET, "utf-8")
    return str(path)


def test_a_lab_is_run_checked_and_leaves_evidence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quiet: str
) -> None:
    out = tmp_path / "lab"
    ran = snowpit(capsys, "lab", "run", quiet, "--out", str(out), "--check", "-q")
    assert ran.code == 0, ran.err
    assert "Healthy in 1 of 1 seed" in ran.out
    assert "lab: healthy; simulator: healthy: they agree." in ran.out
    assert "diagnosis of the evidence: no finding" in ran.out
    assert f"snowpit diagnose {out}/apiserver-0" in ran.err
    names = {path.name.partition("-2")[0] for path in (out / "apiserver-0").iterdir()}
    assert names == {"audit.log", "apiserver.log", "audit-policy.yaml", "metrics"}
    first = json.loads((out / "record.jsonl").read_text().splitlines()[0])
    assert (first["action"], first["scenario"]) == ("begin", "quiet")


def test_a_folder_that_holds_something_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quiet: str
) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "mine").write_text("mine")
    ran = snowpit(capsys, "lab", "run", quiet, "--out", str(tmp_path / "lab"))
    assert ran.code == 64
    assert "is not empty" in ran.err
    assert [path.name for path in (tmp_path / "lab").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["orbit-6.0"], "published model"),
        (["no-such-scenario"], "no-such-scenario"),
        (["incident-1.12", "--scale", "0"], "--scale"),
    ],
)
def test_what_a_lab_cannot_run_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], message: str
) -> None:
    ran = snowpit(capsys, "lab", "run", *words, "--out", str(tmp_path / "lab"))
    assert ran.code == 64
    assert message in ran.err
    assert not (tmp_path / "lab").exists()


def test_audit_events_go_to_a_collector_by_a_policy_of_ones_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quiet: str
) -> None:
    policy, out = tmp_path / "policy.yaml", tmp_path / "lab"
    policy.write_text("apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules:\n- level: Metadata\n")
    words = ["--audit-policy", str(policy), "--audit-webhook", "batch"]
    assert snowpit(capsys, "lab", "run", quiet, "--out", str(out), "-q", *words).code == 0
    lists = (out / "audit-webhook" / "audit.json").read_text().splitlines()
    assert {json.loads(line)["kind"] for line in lists} == {"EventList"}
    ran = snowpit(capsys, "diagnose", str(out / "audit-webhook"))
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--audit-policy", "/nonexistent"], "cannot be read"),
        (["--audit-webhook", "sometimes"], "--audit-webhook"),
        (["--audit-webhook", "batch", "--real"], "own API servers"),
    ],
)
def test_how_a_lab_cannot_be_audited_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quiet: str, words: list[str], message: str
) -> None:
    ran = snowpit(capsys, "lab", "run", quiet, "--out", str(tmp_path / "lab"), *words)
    assert ran.code == 64
    assert message in ran.err
    assert "Traceback" not in ran.err
