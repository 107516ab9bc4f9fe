"""Recipes written as audit logs and read by the whole program give the same diagnosis."""

import gzip
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from snowpit.model.finding import Verdict
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source
from support.audit_writer import SIGNATURE, log, token
from support.traffic import diagnosed, recipe, rows

HERE = Path(__file__).parent


@pytest.mark.parametrize("api", ["v1", "v1beta1"])
@pytest.mark.parametrize(
    "name",
    [
        "token_review_storm/fires-kubelets",
        "slow_webhook/fires-annotated",
        "relist_herd/fires-watch-cache",
        "invalid_tokens/fires-expired",
        "server_stall/fires-pause",
        "healthy/idle",
    ],
)
def test_a_log_of_the_traffic_gives_the_same_diagnosis(name: str, api: str, tmp_path: Path) -> None:
    raw = recipe(HERE / f"{name}.toml")
    made = rows(raw)
    path = tmp_path / "audit.log"
    path.write_text(log(made, api=api, bodies=True), "utf-8")
    server = raw["server"]
    limits = {kind: server[f"{kind}_limit"] for kind in ("mutating", "readonly") if f"{kind}_limit" in server}
    question = Question(source=Source(paths=[str(path)]), server_version=server["version"], limits=limits)
    case = run(question)
    assert case.coverage.kept == len(made)
    expected = [(item.id, item.role) for item in diagnosed(raw).findings if item.verdict is Verdict.SUPPORTED]
    found = case.diagnosis.findings
    assert [(item.id, item.role) for item in found if item.verdict is Verdict.SUPPORTED] == expected
    told = msgspec.json.encode([case.diagnosis, case.observed, case.coverage.files])
    assert SIGNATURE.encode() not in told
    assert token("").partition(".")[0].encode() not in told


def test_the_reviewed_accounts_come_from_the_bodies(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text(log(rows(recipe(HERE / "token_review_storm/fires-kubelets.toml")), bodies=True), "utf-8")
    case = run(Question(source=Source(paths=[str(path)]), server_version="1.12.4"))
    assert case.diagnosis.findings[0].numbers["distinct_subjects"] == 40


def rotated(tmp_path: Path) -> list[str]:
    """One server's log, its first half rotated and compressed."""
    lines = log(rows(recipe(HERE / "slow_webhook/fires-annotated.toml"))).splitlines(keepends=True)
    first, second = tmp_path / "audit-2023-11-14T22-14-20.000.log.gz", tmp_path / "audit.log"
    half = len(lines) // 2
    first.write_bytes(gzip.compress("".join(lines[:half]).encode()))
    second.write_text("".join(lines[half:]), "utf-8")
    return [str(first), str(second)]


def two_servers(tmp_path: Path) -> list[str]:
    """Two servers under the same kind of load, each with a log of its own."""
    paths = []
    for number in (1, 2):
        raw = recipe(HERE / "slow_webhook/fires-annotated.toml")
        raw["server"]["seed"] = number
        made = [row | {"audit_id": f"{number}{str(row['audit_id'])[1:]}"} for row in rows(raw)]
        path = tmp_path / f"master-{number}" / "audit.log"
        path.parent.mkdir()
        path.write_text(log(made), "utf-8")
        paths.append(str(path))
    return paths


@pytest.mark.parametrize("written", [rotated, two_servers])
def test_logs_in_several_files_give_the_same_findings(
    written: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    raw = recipe(HERE / "slow_webhook/fires-annotated.toml")
    paths = written(tmp_path)
    case = run(Question(source=Source(paths=paths), server_version=raw["server"]["version"]))
    assert len(case.coverage.files) == 2
    assert case.observed.seats.servers == (2 if written is two_servers else 0)  # none is named by one log
    expected = [item.id for item in diagnosed(raw).findings if item.verdict is Verdict.SUPPORTED]
    found = [item.id for item in case.diagnosis.findings if item.verdict is Verdict.SUPPORTED]
    assert found == expected
