"""A lab on real sockets and wall time: it serves its clients, throttles as a recorded server did, and leaves evidence."""

import json
import re
import ssl
import stat
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from snowpit.cluster.happenings import events
from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.errors import LabError
from snowpit.lab.conduct.on_sockets import rehearse
from snowpit.lab.network.serving import listen
from snowpit.model.sample import Run
from support.lab_sockets import alone

BURST = "real-apiserver-burst-200-distinct"
LAST_S, MEAN_S = 6.003, 4.013
"""When the last of 200 reviews is answered, and the average: 400 reads at 50/s after the first 100, two to a review."""

RATE, BUCKET = 50.0, 100
"""The loopback limiter: reads a second, and at once."""


def incident() -> Scenario:
    scenario = load("incident-1.12", overrides=("horizon=12s", "bin=1s"))
    burst = {"at": "2s", "action": "burst", "clients": "pods", "requests": 300, "spread": "1s"}
    restart = {"at": "7s", "action": "restart", "down": "1s"}
    return scaled(replace(scenario, events=events([burst, restart], scenario, "test")), 0.02)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    folder = tmp_path_factory.mktemp("lab")
    with alone():
        return rehearse(incident(), seed=1, folder=folder), folder


def audited(folder: Path) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in (folder / "apiserver-0" / "audit.log").read_text().splitlines()]


def test_clients_with_certificates_are_served(rehearsed: tuple[Run, Path]) -> None:
    run, folder = rehearsed
    leaders = run.samples.clients["leader-election"]
    assert sum(leaders["goodput"]) > 0
    assert "system:kube-controller-manager" in {event["user"].get("username") for event in audited(folder)}


def test_kubelets_review_tokens_and_answer_scrapes(rehearsed: tuple[Run, Path]) -> None:
    run, folder = rehearsed
    assert sum(run.samples.clients["metrics-server"]["goodput"]) > 0
    reviews = [event for event in audited(folder) if event["requestURI"].endswith("/tokenreviews")]
    assert any(event["user"]["username"].startswith("system:node:node-") for event in reviews)


def test_look_ups_are_throttled_and_a_restart_happens(rehearsed: tuple[Run, Path]) -> None:
    run, folder = rehearsed
    assert "Throttling request took" in (folder / "apiserver-0" / "apiserver.log").read_text()
    assert [marker.title.split()[0] for marker in run.markers] == ["burst", "restart"]


def test_a_kubeconfig_names_working_keys_and_is_private(rehearsed: tuple[Run, Path]) -> None:
    _, folder = rehearsed
    path = folder / "kubeconfig"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = json.loads(path.read_text())
    user, cluster = told["users"][0]["user"], told["clusters"][0]["cluster"]
    assert cluster["server"] == "https://127.0.0.1:6443"
    context = ssl.create_default_context(cafile=cluster["certificate-authority"])
    context.load_cert_chain(user["client-certificate"], user["client-key"])


def test_no_key_or_token_is_in_the_evidence(rehearsed: tuple[Run, Path]) -> None:
    _, folder = rehearsed
    for path in folder.rglob("*"):
        if path.is_file() and "pki" not in path.parts:
            assert not re.search(r"eyJ[\w-]{20,}\.|PRIVATE KEY", path.read_text()), path


def test_each_look_up_has_its_token_as_at_the_recorded_server(tmp_path: Path) -> None:
    """The limiter rules: what the machine adds of its own is measured by ``benchmarks/lab``, not here."""
    scenario = load(BURST, overrides=("horizon=40s",))
    at_once = replace(scenario, events=(replace(scenario.events[0], at_s=2.0),))
    with alone():
        rehearse(at_once, seed=1, folder=tmp_path)
    done = [event for event in audited(tmp_path) if event["stage"] == "ResponseComplete"]
    reviews = [event for event in done if event["requestURI"].endswith("/tokenreviews")]
    assert [event["responseStatus"]["code"] for event in reviews] == [201] * 200
    begun = min(_seconds(event["requestReceivedTimestamp"]) for event in reviews)
    ends = [_seconds(event["stageTimestamp"]) - begun for event in reviews]
    assert min(max(ends) / LAST_S, sum(ends) / len(ends) / MEAN_S) > 0.95
    own = [event for event in done if event["user"]["username"] == "system:apiserver"]
    reads = sorted(_seconds(event["requestReceivedTimestamp"]) - begun for event in own)
    assert len(reads) == 2 * len(reviews)
    early = [k for k, at in enumerate(reads, 1) if k > BUCKET + RATE * at + 1]
    assert not early, "reads that came before the limiter had a token for them"


def test_a_taken_address_is_said() -> None:
    with alone(), listen("127.0.0.1:6443"), pytest.raises(LabError, match=r"127\.0\.0\.1:6443"):
        rehearse(incident(), seed=1)


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
