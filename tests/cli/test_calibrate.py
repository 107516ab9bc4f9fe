"""``snowpit calibrate``: the file, the account, bad input, hostile evidence."""

from pathlib import Path

import pytest

from snowpit.cluster.scenario_file import load
from support.calibrated import audit_log, small
from support.program import event, snowpit

EVIL = 'x"\n[evil]\x1b[31m{token}'


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return audit_log(small("healthy-1.12", minutes=5), 1, tmp_path_factory.mktemp("evidence"))


def test_it_writes_a_scenario_and_tells_where_its_values_come_from(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.toml"
    ran = snowpit(
        capsys, "calibrate", str(evidence), "--server-version", "1.12.4", "-o", str(out), "--no-cache"
    )
    assert ran.code == 0
    scenario = load(out)
    assert (scenario.name, scenario.kubelets.count) == ("mine", 100)
    assert "kubelets.count" in ran.out
    assert "WHAT THE EVIDENCE CANNOT TELL" in ran.out
    assert "snowpit simulate" in ran.err


def test_without_a_file_the_scenario_goes_to_standard_output(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = snowpit(capsys, "calibrate", str(evidence), "--server-version", "1.12.4", "--limits", "mutating=77")
    assert ran.code == 0
    assert "max_mutating_requests_inflight = 77  # flag: --limits" in ran.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["nowhere.log"], 2), ([], 64), (["LOG"], 2), (["LOG", "--server-version", "none"], 64)],
)
def test_bad_input_is_explained(
    arguments: list[str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "audit.log"
    log.write_text("".join(event(number) + "\n" for number in range(5)))
    ran = snowpit(capsys, "calibrate", *(str(log) if one == "LOG" else one for one in arguments))
    assert ran.code == code
    assert "error:" in ran.err.lower()
    assert "internal error" not in ran.err


def test_a_folder_that_is_not_there_is_explained(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = snowpit(capsys, "calibrate", str(evidence), "--server-version", "1.12.4", "-o", "/nowhere/s.toml")
    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_hostile_names_end_in_a_scenario_that_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        event(
            number,
            user={"username": f"{who}{EVIL}", "groups": [EVIL]},
            userAgent=EVIL,
            verb=verb,
            objectRef={"resource": EVIL, "namespace": EVIL, "apiGroup": EVIL, "apiVersion": "v1"},
            requestReceivedTimestamp=f"2024-01-02T03:{number // 60:02}:{number % 60:02}.000000Z",
            stageTimestamp=f"2024-01-02T03:{number // 60:02}:{number % 60:02}.005000Z",
        )
        for number in range(300)
        for who, verb in (("system:serviceaccount:a:", "get"), ("system:node:", "get"), ("", EVIL))
    ]
    log, out = tmp_path / "audit.log", tmp_path / "s.toml"
    log.write_text("\n".join(lines) + "\n")
    ran = snowpit(capsys, "calibrate", str(log), "--server-version", "1.12.4", "-o", str(out), "--no-cache")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out + ran.err + out.read_text()
    assert "\n[evil]" not in out.read_text()
    assert load(out).clients
