"""A lab on binaries: stand-ins that take the real flags, through the code that starts, fills and drives real ones; and real ones."""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from snowpit.cluster.happenings import events
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.errors import LabError
from snowpit.lab.conduct.on_sockets import rehearse
from snowpit.lab.real.binaries import Binaries, find, identify
from snowpit.model.sample import Run
from snowpit.workflow import rehearsal
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source
from support.lab_sockets import alone
from support.stand_in import assets

ASSETS = "KUBEBUILDER_ASSETS"


def binaries(folder: Path, version: str = "1.13.5") -> Binaries:
    return asyncio.run(identify(*find(assets=str(assets(folder, version)))))


def scenario(found: Binaries, *happen: Mapping[str, object], horizon: str = "9s") -> Scenario:
    base = load("incident-1.12", overrides=(f"horizon={horizon}", "bin=1s"))
    ready = rehearsal.prepared(replace(base, events=()), 0.02, found)
    return replace(ready, events=events(list(happen), ready, "test"))


def audited(folder: Path) -> list[Mapping[str, Any]]:
    lines = (folder / "apiserver-0" / "audit.log").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def reviewed(folder: Path) -> list[int]:
    return [
        event["responseStatus"]["code"]
        for event in audited(folder)
        if event["requestURI"].endswith("/tokenreviews")
        and event["stage"] == "ResponseComplete"
        and event["user"]["username"].startswith("system:node:")
    ]


def programs() -> list[str]:
    """Stand-ins always; real binaries too where KUBEBUILDER_ASSETS names a folder of them."""
    return ["", *filter(None, [os.environ.get(ASSETS)])]


@pytest.fixture(scope="module", params=programs(), ids=lambda folder: "real" if folder else "stand-in")
def driven(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, Path, Binaries]:
    stand_ins = tmp_path_factory.mktemp("assets") / "bin"
    found = asyncio.run(identify(*find(assets=request.param))) if request.param else binaries(stand_ins)
    folder = tmp_path_factory.mktemp("lab")
    restart = {"at": "3s", "action": "restart", "down": "1s"}
    with alone():
        ran = rehearse(scenario(found, restart, horizon="20s"), seed=1, folder=folder, binaries=found)
    return ran, folder, found


def test_clients_and_kubelets_are_served_by_the_binary(driven: tuple[Run, Path, Binaries]) -> None:
    ran, folder, _ = driven
    for name in ("heartbeats", "controllers", "reads", "metrics-server"):
        assert sum(ran.samples.clients[name]["goodput"]) > 0, name
    assert set(reviewed(folder)) == {201}


def test_tokens_name_the_uids_that_the_server_gave(driven: tuple[Run, Path, Binaries]) -> None:
    ran, folder, _ = driven
    assert sum(ran.samples.clients["apps"]["goodput"]) > 0
    codes = {event["responseStatus"]["code"] for event in audited(folder) if "responseStatus" in event}
    assert 401 not in codes


def test_snowpit_reads_what_it_leaves(driven: tuple[Run, Path, Binaries]) -> None:
    _, folder, found = driven
    case = run(Question(source=Source(paths=rehearsal.evidence(folder))))
    assert case.plane.version == found.version
    rejected = [file.path for file in case.coverage.files if file.rejected]
    assert not [path for path in rejected if not path.endswith("apiserver.log")]


def test_it_is_started_with_the_flags_of_its_version_and_again_after_a_restart(
    driven: tuple[Run, Path, Binaries],
) -> None:
    _, folder, found = driven
    log = (folder / "apiserver-0" / "apiserver.log").read_text()
    starts = re.findall(r"--max-mutating-requests-inflight=\"?20\b", log)
    assert len(starts) >= 2
    assert ("--basic-auth-file=" in log) == (not found.version.at_least("1.19.0"))


def test_its_metrics_are_sampled_and_kept(driven: tuple[Run, Path, Binaries]) -> None:
    ran, folder, _ = driven
    (server,) = ran.samples.servers
    assert sum(server["offered"]) > 0
    assert sum(server["reviews"]) > 0
    assert list((folder / "apiserver-0").glob("metrics-*.prom"))


def test_no_key_or_token_is_in_its_evidence(driven: tuple[Run, Path, Binaries]) -> None:
    _, folder, _ = driven
    for path in folder.rglob("*"):
        if path.is_file() and "pki" not in path.parts:
            assert not re.search(r"eyJ[\w-]{20,}\.|PRIVATE KEY", path.read_text()), path


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"action": "slow_etcd", "factor": 3, "for": "1s"}, "etcd cannot be slowed"),
        ({"action": "upgrade", "version": "1.14.10"}, "stays at its version"),
        ({"action": "backlog", "lookups": 5}, "queue reads"),
    ],
)
def test_what_a_real_server_cannot_do_is_refused_at_once(
    tmp_path: Path, event: Mapping[str, object], told: str
) -> None:
    found = binaries(tmp_path / "bin")
    with pytest.raises(LabError, match=told):
        rehearse(scenario(found, {"at": "1s", **event}), seed=1, binaries=found)


def test_a_limit_is_changed_by_a_restart_and_the_limiter_is_no_flag(tmp_path: Path) -> None:
    found = binaries(tmp_path / "bin", "1.20.0")
    raised = {"at": "1s", "action": "set", "key": "max_mutating_requests_inflight", "value": 77}
    limiter = {"at": "2s", "action": "set", "key": "loopback_qps", "value": 500}
    with alone(), pytest.raises(LabError, match="no flag for loopback_qps"):
        rehearse(
            scenario(found, raised, limiter, horizon="60s"), seed=1, folder=tmp_path / "lab", binaries=found
        )
    log = (tmp_path / "lab" / "apiserver-0" / "apiserver.log").read_text()
    assert "--max-mutating-requests-inflight=77 " in log
    assert "--basic-auth-file" not in log


def test_an_etcd_that_fails_says_why(tmp_path: Path) -> None:
    found = binaries(tmp_path / "bin")
    found.etcd.write_text("#!/bin/sh\necho no space left; exit 1\n")
    with pytest.raises(LabError, match=r"etcd ended by itself.*no space left"):
        rehearse(scenario(found), seed=1, binaries=found)


def test_the_limiter_of_a_binary_is_not_scaled(tmp_path: Path) -> None:
    ready = scenario(binaries(tmp_path / "bin"))
    assert ready.plane.number("loopback_qps") == 50.0
    assert ready.plane.number("max_mutating_requests_inflight") == 20
    assert str(ready.plane.version) == "1.13.5"


def test_a_server_that_does_not_start_again_ends_the_lab(tmp_path: Path) -> None:
    found = binaries(tmp_path / "bin")
    once = tmp_path / "once"
    script = found.apiserver.read_text("utf-8")
    guard = f"import pathlib, sys\nif pathlib.Path({str(once)!r}).exists(): sys.exit('disk is broken')\n"
    found.apiserver.write_text(script.replace("import sys\n", f"{guard}", 1), "utf-8")
    restart = {"at": "1s", "action": "restart", "down": "0s"}
    ready = scenario(found, restart, horizon="60s")
    with alone(), pytest.raises(LabError, match=r"apiserver-0 ended by itself.*disk is broken"):
        rehearse(ready, seed=1, folder=tmp_path / "lab", binaries=found, seen=lambda *_: once.touch())
