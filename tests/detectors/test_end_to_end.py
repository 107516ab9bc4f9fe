"""Recipes written as audit logs and read by the whole program give the same diagnosis."""

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
