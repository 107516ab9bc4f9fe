"""Real clients speak to a lab on sockets: kubectl follows a watch and is refused, curl shows certificates."""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from snowpit.lab.authority.pki import Pki
from snowpit.lab.wire import Certificate
from support.lab_process import CURL, KUBECTL, SERVER, WITHIN_S, do, ran, running, until
from support.prometheus import installed

NODES = f"{SERVER}/api/v1/nodes"
TOO_MANY, TRIES = 429, 10
LOOKUPS = 120
"""Look-ups of a queue in which reviews wait longer than a test lasts, at one a second."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a lab that runs."""
    folder = tmp_path_factory.mktemp("visited") / "lab"
    with running(folder, "incident-1.12", "--scale", "0.02", "--horizon", "30m", "--set", "bin=1s"):
        yield folder


def command(lab: Path, *words: str) -> list[str]:
    return ["--kubeconfig", str(lab / "kubeconfig"), *words]


def as_node(lab: Path, number: int, *words: str) -> list[str]:
    """As a kubelet, whom limits hold, unlike system:masters."""
    pki = lab / "pki"
    shown = ["--client-certificate", str(pki / f"node-{number}.crt"), "--client-key"]
    known = ["--certificate-authority", str(pki / "ca.crt"), "--server", SERVER]
    return ["--kubeconfig", "/dev/null", *known, *shown, str(pki / f"node-{number}.key"), *words]


def review(token: str) -> str:
    head = {"apiVersion": "authentication.k8s.io/v1beta1", "kind": "TokenReview"}
    return json.dumps({**head, "spec": {"token": token}})


def token_of(lab: Path, number: int) -> str:
    """The token of a ServiceAccount, from its Secret."""
    words = ("get", "secret", "-n", "batch", f"pod-{number}-token-lab00", "-o", "json")
    told = ran(KUBECTL, command(lab, *words))
    return base64.b64decode(json.loads(told.stdout)["data"]["token"]).decode()


def test_kubectl_follows_a_watch(lab: Path) -> None:
    words = ("get", "configmaps", "--watch", "--output-watch-events", "--no-headers")
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "seen"}, "data": {"a": "1"}}
    log = lab.parent / "watch.txt"
    tool = installed(*KUBECTL)
    with log.open("w") as out, subprocess.Popen([tool, *command(lab, *words)], stdout=out) as watching:  # noqa: S603 - made here
        try:
            for done in (
                ran(KUBECTL, command(lab, "create", "--validate=false", "-f", "-"), stdin=json.dumps(made)),
                ran(KUBECTL, command(lab, "label", "configmap", "seen", "of=kubectl")),
                ran(KUBECTL, command(lab, "delete", "configmap", "seen", "--wait=false")),
            ):
                assert done.returncode == 0, done.stderr
            until(lambda: len(log.read_text().splitlines()) > 2)
        finally:
            watching.terminate()
            watching.wait(WITHIN_S)
    told = [line.split()[:2] for line in log.read_text().splitlines()]
    assert [kind for kind, name in told if name == "seen"] == ["ADDED", "MODIFIED", "DELETED"]


def test_kubectl_is_told_that_its_token_is_not_known(lab: Path) -> None:
    pki = lab / "pki"
    words = ("--server", SERVER, "--certificate-authority", str(pki / "ca.crt"), "--token", "nonsense")
    told = ran(KUBECTL, ["--kubeconfig", "/dev/null", *words, "get", "--raw", "/api/v1/nodes"])
    assert told.returncode == 1
    assert told.stderr == "error: You must be logged in to the server (Unauthorized)\n"


def test_kubectl_is_refused_where_the_seats_are_taken(lab: Path) -> None:
    """One seat, held by a review that waits for its look-ups: client-go tries ten times, a second apart."""
    holder = installed(*KUBECTL)
    create = ("create", "--validate=false", "-f", "-")
    raw = ("create", "--raw", "/apis/authentication.k8s.io/v1beta1/tokenreviews", "-f", "-")
    do(lab, action="set", key="max_mutating_requests_inflight", value=1)
    do(lab, action="backlog", lookups=LOOKUPS)
    with subprocess.Popen(  # noqa: S603 - made here
        [holder, *as_node(lab, 0, *raw)], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as first:
        try:
            assert first.stdin is not None
            first.stdin.write(review(token_of(lab, 0)))
            first.stdin.close()
            second = ran(KUBECTL, as_node(lab, 1, *create), stdin=review("x.y.z"))
        finally:
            first.terminate()
            first.wait(WITHIN_S)
    do(lab, action="set", key="max_mutating_requests_inflight", value=20)
    assert second.returncode == 1
    assert "(TooManyRequests)" in second.stderr
    assert sum(map(refused, audited(lab))) >= TRIES


def audited(lab: Path) -> Iterator[Any]:
    for line in (lab / "apiserver-0" / "audit.log").read_text().splitlines():
        yield json.loads(line)


def refused(event: Any) -> bool:
    """Whether it is a 429 of the second kubectl."""
    ours = event["user"].get("username") == "system:node:node-1" and event["userAgent"].startswith("kubectl")
    return bool(ours and event.get("responseStatus", {}).get("code") == TOO_MANY)


def curl(lab: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The status that curl gets, as its output."""
    known = ("--cacert", str(lab / "pki" / "ca.crt"), "--silent", "--output", "/dev/null")
    return ran(CURL, [*known, "--write-out", "%{http_code}", *words])


def shown(folder: Path, stem: str) -> tuple[str, ...]:
    return ("--cert", str(folder / f"{stem}.crt"), "--key", str(folder / f"{stem}.key"))


def test_curl_is_who_its_certificate_says(lab: Path) -> None:
    assert curl(lab, *shown(lab / "pki", "snowpit-lab"), NODES).stdout == "200"
    assert curl(lab, *shown(lab / "pki", "node-0"), f"{NODES}/node-0").stdout == "200"
    secrets = f"{SERVER}/api/v1/namespaces/batch/secrets"
    assert curl(lab, *shown(lab / "pki", "node-0"), secrets).stdout == "403"


def test_curl_without_a_certificate_is_nobody(lab: Path) -> None:
    assert curl(lab, NODES).stdout == "403"
    assert curl(lab, "--header", "X-Remote-User: admin", NODES).stdout == "403"
    assert curl(lab, "--header", "Authorization: Bearer nonsense", NODES).stdout == "401"


def test_curl_with_a_certificate_of_a_stranger_gets_nothing(lab: Path, tmp_path: Path) -> None:
    foreign = Pki(tmp_path / "foreign")
    foreign.create()
    foreign.client("admin", Certificate("admin", ("system:masters",), "kubernetes"))
    refused = curl(lab, *shown(foreign.folder, "admin"), NODES)
    assert (refused.returncode != 0, refused.stdout) == (True, "000")


def test_curl_does_not_trust_a_server_of_another_authority(lab: Path, tmp_path: Path) -> None:
    foreign = Pki(tmp_path / "foreign")
    foreign.create()
    told = curl(lab, "--cacert", str(foreign.folder / "ca.crt"), NODES)
    assert (told.returncode, told.stdout) == (60, "000")
