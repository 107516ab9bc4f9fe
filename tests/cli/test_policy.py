"""The audit policy: valid, by version, and without leaks."""

from typing import Any

import pytest
import yaml

from snowpit import cli
from snowpit.knowledge.audit_policy import policy

BODIES = ("Request", "RequestResponse")


def rules(version: str = "", node: str = "worker-1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(policy(version, node))["rules"]
    return found


@pytest.mark.parametrize(
    ("version", "api"),
    [("1.11.9", "v1beta1"), ("1.12.0", "v1"), ("1.12.4", "v1"), ("1.30", "v1"), ("", "v1")],
)
def test_the_policy_speaks_the_version_of_the_server(version: str, api: str) -> None:
    document = yaml.safe_load(policy(version, "worker-1"))
    assert (document["apiVersion"], document["kind"]) == (f"audit.k8s.io/{api}", "Policy")


@pytest.mark.parametrize("version", ["1.11", "1.12.4", "1.30"])
def test_bodies_are_logged_for_the_reviews_of_one_node_and_nothing_else(version: str) -> None:
    with_bodies = [rule for rule in rules(version) if rule["level"] in BODIES]
    assert with_bodies == [
        {
            "level": "Request",
            "users": ["system:node:worker-1"],
            "verbs": ["create"],
            "resources": [{"group": "authentication.k8s.io", "resources": ["tokenreviews"]}],
        }
    ]


def test_nothing_is_left_out_and_every_stage_is_kept() -> None:
    assert rules()[-1] == {"level": "Metadata"}
    assert "omitStages" not in yaml.safe_load(policy())
    assert [rule for rule in rules() if rule["level"] == "None" or "omitStages" in rule] == []


def test_a_version_that_writes_v1beta1_by_default_is_told_to_write_v1() -> None:
    assert "--audit-log-version=audit.k8s.io/v1" in policy("1.12.4")
    assert "--audit-log-version" not in policy("1.30")


def test_the_steps_to_apply_verify_and_clean_up_come_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["snowpit", "policy", "--node", "worker-1"]) == 0
    captured = capsys.readouterr()
    assert all(f"# {step}" in captured.out for step in ("Apply", "Verify", "Clean up"))
    assert "NODE-NAME" not in captured.out
    assert captured.err == ""


def test_without_a_node_the_placeholder_is_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["snowpit", "policy"]) == 0
    assert "--node" in capsys.readouterr().err


@pytest.mark.parametrize("node", ['a"]\nusers: ["*', "a b", "A", "-a", "x" * 300])
def test_a_node_name_cannot_smuggle_yaml(node: str) -> None:
    assert cli.run(["snowpit", "policy", "--node", node]) == 64
