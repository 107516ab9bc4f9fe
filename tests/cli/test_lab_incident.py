"""The founding incident on sockets and wall time, operated and repaired while it runs, and watched by a real Prometheus."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from snowpit.observe.outcome import SLOW_S
from snowpit.workflow.rehearsal import evidence
from support.lab_process import do, running, status, until
from support.program import snowpit
from support.prometheus import collecting, installed

SCENARIO = """
extends = "incident-1.12"
name = "short"
horizon = "10m"
bin = "1s"
events_replace = true
events = []

[[clients]]
name = "apps"
count = 1100  # of 1,400: without reviews the backlog then drains within minutes, not in a quarter of an hour
"""
TIPPED_S = 10.0
"""What a look-up waits once the burst has tipped the server over."""

RESTART_S, LONG_S = 70.0, 30.0
"""When the server is restarted, of the lab's time, and how long to look on afterwards."""

MANY = 300
"""Samples that a Prometheus has of them by then, at least."""

WITHIN_S = 420.0
"""How long a backlog may take to drain."""


@contextmanager
def watched(lab: Path) -> Iterator[str]:
    """A Prometheus that scrapes the API server as an administrator would let it."""
    pki = lab / "pki"
    shown = f"cert_file: {pki / 'snowpit-lab.crt'}, key_file: {pki / 'snowpit-lab.key'}"
    tls = f"scheme: https, tls_config: {{ca_file: {pki / 'ca.crt'}, {shown}}}"
    job = f"{{job_name: apiserver, scrape_interval: 5s, {tls}, static_configs: [{{targets: ['127.0.0.1:6443']}}]}}"
    with collecting(lab.parent, job) as url:
        yield url


def waits(lab: Path) -> float:
    """How long a look-up would wait at the server's limiter, s; negative while it is down."""
    (server,) = status(lab)["servers"] or [{}]
    return float(server.get("throttle_wait_s", -1.0))


def now(lab: Path) -> float:
    """Seconds since the lab began."""
    return float(status(lab)["now_s"])


def operate(capsys: pytest.CaptureFixture[str], lab: Path, *words: str) -> None:
    """What an operator types."""
    told = snowpit(capsys, "lab", *words, "--dir", str(lab))
    assert told.code == 0, told.err


def at(lab: Path, second: float) -> None:
    """Wait until a second of the lab."""
    until(lambda: now(lab) >= second, WITHIN_S)


def test_the_incident_happens_is_diagnosed_and_is_repaired(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    installed("prometheus")
    scenario = tmp_path / "short.toml"
    scenario.write_text(SCENARIO)
    with running(tmp_path / "lab", str(scenario), "--scale", "0.05") as lab, watched(lab) as prometheus:
        at(lab, 5.0)
        assert 0.0 <= waits(lab) < SLOW_S
        do(lab, action="burst", clients="pods", requests=40, spread="1s")
        until(lambda: waits(lab) > TIPPED_S, WITHIN_S)
        operate(capsys, lab, "set", "max_mutating_requests_inflight=100")
        at(lab, RESTART_S)
        assert waits(lab) > SLOW_S, "a higher limit does not help"
        operate(capsys, lab, "restart", "apiserver-0", "--down", "1s")
        at(lab, now(lab) + LONG_S)
        assert waits(lab) > SLOW_S, "a restart does not help"
        scraped = diagnosed(capsys, "--prometheus", prometheus)
        operate(capsys, lab, "set", "metrics-server.credential=certificate")
        until(lambda: 0.0 <= waits(lab) < SLOW_S, WITHIN_S)
        served = status(lab)["populations"]["apps"]["goodput"]
        at(lab, now(lab) + 10.0)
        assert status(lab)["populations"]["apps"]["goodput"] > served
        operate(capsys, lab, "stop")
    (source,) = scraped["coverage"]["files"]
    assert source["kind"] == "Prometheus server of kube-apiserver v1.12.4"
    assert (source["rejected"], source["rows"]["metrics"] > MANY) == (0, True)
    found = diagnosed(capsys, *evidence(tmp_path / "lab"))["findings"]
    causes = [one["id"] for one in found if one["verdict"] == "supported"]
    assert causes[0] in ("loopback_starvation", "token_review_storm")


def diagnosed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """What snowpit makes of evidence."""
    return json.loads(snowpit(capsys, "diagnose", *words, "-o", "json").out)
