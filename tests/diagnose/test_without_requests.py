"""Evidence without a single request: nothing that only requests could deny is denied."""

from dataclasses import replace

import pytest

from snowpit.cluster.control_plane import build
from snowpit.diagnose import diagnose
from snowpit.diagnose.registry import DETECTORS, name_of
from snowpit.knowledge.version import Version
from snowpit.model.finding import Finding, Verdict
from support.measured import counter, metrics
from support.observed import healthy

UNKNOWN = build(version=None)
NEW = build(version=Version(1, 31, 0))


def finding(name: str, version: str = "") -> Finding:
    plane = build(version=Version.parse(version)) if version else UNKNOWN
    return next(item for item in diagnose(healthy(0), plane).findings if item.id == name)


@pytest.mark.parametrize("name", [name_of(module) for module in DETECTORS])
def test_a_hypothesis_stays_open_without_requests(name: str) -> None:
    found = finding(name)
    assert found.verdict is Verdict.UNDECIDED
    assert found.undecided_by


def test_a_release_without_the_limiter_refutes_its_starvation_even_without_requests() -> None:
    assert finding("loopback_starvation", "1.31.0").verdict is Verdict.REFUTED


def test_nothing_at_all_cannot_be_judged() -> None:
    diagnosis = diagnose(healthy(0), UNKNOWN)
    assert not diagnosis.judged
    assert "no request" in diagnosis.answer


def test_every_statement_says_which_evidence_it_rests_on() -> None:
    diagnosis = diagnose(healthy(10_000, rejected=3000, timed_out=500), NEW)
    stated = [item for found in diagnosis.findings for item in (*found.evidence_for, *found.evidence_against)]
    assert {item.source for item in stated} == {"audit log", "version"}


def test_with_a_handful_of_requests_the_answer_names_metrics_or_logs_and_counts_no_zeros() -> None:
    refused = metrics(counter("apiserver_request_total", 5000.0, code="429", resource="pods", verb="GET"))
    diagnosis = diagnose(replace(healthy(1), metrics=refused), UNKNOWN)
    assert "The metrics or logs show a server that refuses or times out." in diagnosis.answer
    assert "of 1 attempts" not in diagnosis.answer
