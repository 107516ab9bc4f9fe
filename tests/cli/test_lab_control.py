"""Operators change a lab while it runs on sockets, and a real kubectl talks to it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.lab_sockets import alone
from support.program import snowpit

WITHIN_S = 60.0
WORDS = (
    "lab",
    "run",
    "incident-1.12",
    "--time",
    "wall",
    "--scale",
    "0.02",
    "--horizon",
    "10m",
    "--set",
    "bin=1s",
    "-q",
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a lab that runs."""
    folder = tmp_path_factory.mktemp("operated") / "lab"
    with alone():
        command = [sys.executable, "-m", "snowpit", *WORDS, "--out", str(folder)]
        process = subprocess.Popen(  # noqa: S603 - made here
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + WITHIN_S
        while not (folder / "control.sock").exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
        assert (folder / "control.sock").exists(), "the lab does not start"
        yield folder
        process.terminate()
        process.wait(WITHIN_S)


def kubectl(lab: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    if shutil.which("kubectl") is None:
        if os.environ.get("SNOWPIT_NO_SKIP") == "1":
            pytest.fail("no kubectl")
        pytest.skip("no kubectl (Debian: kubernetes-client)")
    command = ["kubectl", "--kubeconfig", str(lab / "kubeconfig"), *words]
    return subprocess.run(  # noqa: S603 - made here
        command, input=stdin, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )


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
    ran = snowpit(capsys, "lab", *words, "--dir", str(lab))
    assert ran.code == 0, ran.err
    assert ran.out.startswith(told)
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
    ran = snowpit(capsys, "lab", *words, "--dir", str(lab))
    assert ran.code == 64
    assert told in ran.err


def test_status_tells_servers_and_populations(capsys: pytest.CaptureFixture[str], lab: Path) -> None:
    time.sleep(2.0)
    ran = snowpit(capsys, "lab", "status", "--dir", str(lab))
    told = json.loads(ran.out)
    assert told["scenario"] == "incident-1.12"
    assert told["servers"][0]["offered"] > 0
    assert {"apps", "metrics-server/tokenreviews"} <= set(told["populations"])


def test_a_real_kubectl_lists_nodes_and_creates_a_review(lab: Path) -> None:
    time.sleep(2.0)
    nodes = kubectl(lab, "get", "nodes", "-o", "name")
    assert len(nodes.stdout.split()) == 20, nodes.stderr
    assert nodes.stdout.startswith("node/node-")
    review = '{"apiVersion":"authentication.k8s.io/v1beta1","kind":"TokenReview","spec":{"token":"x.y.z"}}'
    made = kubectl(lab, "create", "--validate=false", "-o", "json", "-f", "-", stdin=review)
    assert json.loads(made.stdout)["status"]["error"] == "invalid bearer token", made.stderr


def test_a_stranger_is_refused(lab: Path) -> None:
    words = ("--kubeconfig", os.devnull, "--server", "https://127.0.0.1:6443", "--token=nonsense")
    ran = kubectl(lab, *words, "--certificate-authority", str(lab / "pki" / "ca.crt"), "get", "nodes")
    assert ran.returncode != 0
    assert "nauthorized" in ran.stderr or "provide credentials" in ran.stderr


def test_where_no_lab_runs_that_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ran = snowpit(capsys, "lab", "status", "--dir", str(tmp_path))
    assert ran.code == 64
    assert "No lab answers" in ran.err
