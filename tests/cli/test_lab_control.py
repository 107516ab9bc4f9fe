"""Operators change a lab while it runs on sockets, and a real kubectl talks to it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.lab_process import KUBECTL, ran, running, status, until
from support.program import snowpit


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a lab that runs."""
    folder = tmp_path_factory.mktemp("operated") / "lab"
    with running(folder, "incident-1.12", "--scale", "0.02", "--horizon", "10m", "--set", "bin=1s"):
        yield folder


def serves(lab: Path) -> bool:
    """Whether its server answers, be it after a restart."""
    (server,) = status(lab)["servers"] or [{}]
    return bool(server.get("offered", 0) > 0)


def kubectl(lab: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return ran(KUBECTL, ["--kubeconfig", str(lab / "kubeconfig"), *words], stdin=stdin)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["set", "max_mutating_requests_inflight=30"], "set max_mutating_requests_inflight = 30"),
        (
            ["set", "metrics-server.credential=static_token"],
            "set scrapers.metrics-server.credential = static_token",
        ),
        (["set", "apps.think=5s"], "set clients.apps.think = 5s"),
        (["burst", "20", "--clients", "pods"], "burst clients pods requests 20"),
        (["restart", "apiserver-0", "--down", "1s"], "restart server 0"),
    ],
)
def test_an_operator_changes_a_running_lab(
    capsys: pytest.CaptureFixture[str], lab: Path, words: list[str], told: str
) -> None:
    answer = snowpit(capsys, "lab", *words, "--dir", str(lab))
    assert answer.code == 0, answer.err
    assert answer.out.startswith(told)
    last = json.loads((lab / "record.jsonl").read_text().splitlines()[-1])
    assert last["title"].startswith(told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["set", "nonsense=1"], "not known"),
        (["set", "kubelets.count=3"], "cannot change while a lab runs"),
        (["set", "nonsense"], "KEY=VALUE"),
        (["restart", "apiserver-7"], "from 0 to 0"),
        (["restart", "etcd"], "apiserver-0"),
        (["burst", "5", "--clients", "nobody"], "no population has this name"),
        (["upgrade", "two"], "two"),
    ],
)
def test_what_a_running_lab_cannot_do_is_told(
    capsys: pytest.CaptureFixture[str], lab: Path, words: list[str], told: str
) -> None:
    answer = snowpit(capsys, "lab", *words, "--dir", str(lab))
    assert answer.code == 64
    assert told in answer.err


def test_status_tells_servers_and_populations(capsys: pytest.CaptureFixture[str], lab: Path) -> None:
    until(lambda: serves(lab))
    answer = snowpit(capsys, "lab", "status", "--dir", str(lab))
    state = json.loads(answer.out)
    assert state["scenario"] == "incident-1.12"
    assert state["servers"][0]["offered"] > 0
    assert {"apps", "metrics-server/tokenreviews"} <= set(state["populations"])


def test_a_real_kubectl_lists_nodes_and_creates_a_review(lab: Path) -> None:
    until(lambda: serves(lab))
    nodes = kubectl(lab, "get", "nodes", "-o", "name")
    assert len(nodes.stdout.split()) == 20, nodes.stderr
    assert nodes.stdout.startswith("node/node-")
    review = '{"apiVersion":"authentication.k8s.io/v1beta1","kind":"TokenReview","spec":{"token":"x.y.z"}}'
    made = kubectl(lab, "create", "--validate=false", "-o", "json", "-f", "-", stdin=review)
    assert json.loads(made.stdout)["status"]["error"] == "invalid bearer token", made.stderr


def test_where_no_lab_runs_that_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    answer = snowpit(capsys, "lab", "status", "--dir", str(tmp_path))
    assert answer.code == 64
    assert "No lab answers" in answer.err
