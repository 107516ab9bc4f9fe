"""What a calibration reads off waits of look-ups, off a real server's evidence, and what it says it cannot tell."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.errors import EvidenceError
from snowpit.forecast.calibrate.weights import weights
from snowpit.model.forecast import Calibration, Estimate, Source
from snowpit.observe.demand import demand
from snowpit.store import Tables
from snowpit.workflow.calibration import Calibrated, run
from snowpit.workflow.diagnosis import Question
from snowpit.workflow.evidence import Source as Evidence
from support.shared import shared_data

START = 1_700_000_000_000_000
RETURNS_S = 31.0
CLIENTS, TOKENS = 12, 4
ONSET_S = 600


def request(at_s: float, user: str, *, code: int = 200) -> dict[str, object]:
    """A quick read by a user."""
    at = START + round(at_s * 1e6)
    return {
        "received": at,
        "finished": at + 5000,
        "verb": "get",
        "group": "",
        "version": "v1",
        "resource": "pods",
        "namespace": "shop",
        "user": user,
        "source": "10.0.0.1",
        "user_agent": "app",
        "code": code,
        "stage": "ResponseComplete",
    }


def asks() -> Iterator[dict[str, object]]:
    """Lines of waits: each client asks for its token's Secret again and again while look-ups wait ever longer."""
    for client in range(CLIENTS * TOKENS):
        for again in range(20):
            reserved = ONSET_S + 0.61 * client + RETURNS_S * again
            wait = 10.0 + 0.5 * (reserved - ONSET_S)
            token = client % TOKENS
            yield {
                "at": START + round((reserved + wait) * 1e6),
                "component": "kube-apiserver",
                "kind": "throttled",
                "seconds": wait,
                "verb": "GET",
                "subject": f"/api/v1/namespaces/shop/secrets/cart-{token}-token-abcde",
            }


@pytest.fixture(scope="module")
def tables() -> Iterator[Tables]:
    with Tables() as made:
        users = [f"system:serviceaccount:shop:cart-{token}" for token in range(TOKENS)]
        made.append(request(0.25 * number, users[number % TOKENS]) for number in range(4 * ONSET_S))
        made.append(
            request(ONSET_S + 0.25 * number, users[number % TOKENS], code=500)
            for number in range(4 * ONSET_S)
        )
        made.append_to("log_lines", sorted(asks(), key=lambda line: str(line["at"])))
        yield made


def test_clients_are_counted_by_their_return(tables: Tables) -> None:
    limiter = demand(tables).limiter
    assert limiter.returns_s == RETURNS_S
    assert limiter.returning is not None
    assert limiter.returning.median == pytest.approx(CLIENTS * TOKENS, rel=0.05)


def test_waits_are_carried_on_to_the_end(tables: Tables) -> None:
    found = demand(tables)
    assert found.stretches.fails_now
    assert found.stretches.onset == START + ONSET_S * 1_000_000
    assert found.limiter.slope == pytest.approx(0.5, rel=0.01)


def test_requests_before_the_onset_tell_the_demand(tables: Tables) -> None:
    found = demand(tables)
    assert found.base == found.stretches.calm
    assert sum(found.tokens) / found.base.seconds == pytest.approx(4.0, rel=0.01)


def test_one_burst_of_reviews_is_no_rhythm() -> None:
    with Tables() as made:
        made.append(
            request(100.0 + 0.001 * node, f"system:node:n{node}")
            | {"verb": "create", "resource": "tokenreviews"}
            for node in range(300)
        )
        made.append(request(float(second), "system:node:n1") for second in range(900))
        rounds = demand(made).rounds
    assert rounds is not None
    assert rounds.period_s is None


@given(st.lists(st.integers(min_value=1, max_value=10_000), min_size=1, max_size=50))
def test_weights_are_bounded_by_what_fits(requests: list[int]) -> None:
    law, low, high = weights(sorted(requests, reverse=True))
    assert law == "uniform" or low <= float(law.removeprefix("zipf:")) <= high


def test_an_uneven_spread_is_told_with_its_exponent() -> None:
    law, low, high = weights([round(5000 / rank) for rank in range(1, 40)])
    assert law == "zipf:1"
    assert (low, high) == (1.0, 1.0)


def calibrated(*paths: Path, version: str = "") -> Calibrated:
    return run(Question(source=Evidence(paths=[str(path) for path in paths]), server_version=version))


def told(found: Calibration, key: str) -> Estimate:
    return next(one for one in found.estimates if one.key == key)


def test_a_real_server_calibrates_sanely() -> None:
    found = calibrated(shared_data("real-apiserver", "1.13.5"))
    scenario, account = found.scenario, found.calibration
    assert str(scenario.plane.version) == "1.13.5"
    assert scenario.kubelets.count == 502
    assert told(account, "max_mutating_requests_inflight").source is Source.FLAG
    assert scenario.plane.limit("mutating") == 200
    limiter = told(account, "loopback_qps")
    assert (limiter.value, limiter.source) == (50.0, Source.VERSION_DEFAULT)
    assert "50.0 look-ups a second" in limiter.reference
    assert told(account, "clients.serviceaccounts.tokens.credential").value == "legacy_token"
    assert 0.0005 < scenario.plane.number("loopback_read_s") < 0.005  # type: ignore[operator]


def test_what_was_not_seen_is_said_and_not_made_up(tmp_path: Path) -> None:
    lines = [audit(second, f"system:node:n{second % 3}") for second in range(300)]
    path = tmp_path / "audit.log"
    path.write_text("".join(lines))
    found = calibrated(path, version="1.12.4")
    assert not [one for one in found.scenario.clients if one.tokens.credential == "legacy_token"]
    assert found.scenario.scrapers == ()
    unknown = [one.what for one in found.calibration.unidentified]
    assert any("none are made up" in what for what in unknown)
    assert any("scrapes the kubelets" in what for what in unknown)
    assert all(one.evidence for one in found.calibration.unidentified)


def audit(second: int, user: str) -> str:
    stamp = f"2024-01-02T03:{second // 60:02}:{second % 60:02}.000000Z"
    event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": f"id-{second}",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/default/secrets/a",
        "verb": "get",
        "user": {"username": user, "groups": ["system:nodes"]},
        "sourceIPs": ["10.0.0.1"],
        "objectRef": {"resource": "secrets", "namespace": "default", "name": "a", "apiVersion": "v1"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": stamp,
        "stageTimestamp": stamp,
    }
    return json.dumps(event) + "\n"


def test_too_little_evidence_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text(audit(1, "system:node:n1"))
    with pytest.raises(EvidenceError, match="too short") as failed:
        calibrated(path, version="1.12.4")
    assert "snowpit policy" in failed.value.hint


def test_an_unknown_version_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text("".join(audit(second, "someone") for second in range(300)))
    with pytest.raises(EvidenceError, match="which version") as failed:
        calibrated(path)
    assert "--server-version" in failed.value.hint
