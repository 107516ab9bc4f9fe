"""Hypotheses about requests where metrics or logs are all there is: shown, denied, or left open."""

from dataclasses import replace

import pytest

from snowpit.cluster.control_plane import build
from snowpit.diagnose import diagnose
from snowpit.diagnose.asked import asked, large
from snowpit.knowledge.version import Version
from snowpit.model.finding import Finding, Role, Verdict
from snowpit.model.observation import Metrics, Observed
from support.measured import counter, group, instance, logs, metrics, only, spread

REFUSED = counter("apiserver_request_total", 3000.0, per_s=50.0, verb="PATCH", resource="pods", code="429")
OTHERS = (
    counter("apiserver_request_total", 2000.0, per_s=10.0, verb="PUT", resource="endpoints", code="200"),
    spread("apiserver_request_duration_seconds", 2000.0, 0.01, 0.02, verb="PUT", resource="endpoints"),
    counter("apiserver_request_total", 6000.0, per_s=20.0, verb="GET", resource="pods", code="200"),
    spread("apiserver_request_duration_seconds", 6000.0, 0.005, 0.02, verb="GET", resource="pods"),
)


def found(name: str, observed: Observed, version: str = "1.12.4") -> Finding:
    plane = build(version=Version.parse(version))
    return next(item for item in diagnose(observed, plane).findings if item.id == name)


def load(
    verb: str, resource: str, number: float, mean_s: float, *, subresource: str = "", late: float = 0.0
) -> Metrics:
    """A server that refuses, with many requests of one kind."""
    labels = {"verb": verb, "resource": resource, "subresource": subresource}
    code = "200" if verb in ("GET", "LIST") else "201"
    return metrics(
        counter("apiserver_request_total", number, per_s=number / 60.0, code=code, **labels),
        counter("apiserver_request_total", late, per_s=late / 60.0, code="504", **labels),
        spread("apiserver_request_duration_seconds", number + late, mean_s, 8.0, **labels),
        REFUSED,
        *OTHERS,
    )


KINDS = [
    ("token_review_storm", "POST", "tokenreviews"),
    ("access_review_storm", "POST", "subjectaccessreviews"),
    ("event_flood", "POST", "events"),
    ("list_storm", "LIST", "pods"),
]


@pytest.mark.parametrize(("name", "verb", "resource"), KINDS)
def test_metrics_alone_show_a_storm(name: str, verb: str, resource: str) -> None:
    judged = found(name, only(metrics=load(verb, resource, 9000.0, 3.0, late=500.0)))
    assert judged.verdict is Verdict.SUPPORTED
    assert {item.source for item in judged.evidence_for} == {"metrics"}
    assert "audit" in judged.undecided_by[0]
    assert judged.numbers["measured_timed_out"] in (0, 500)


@pytest.mark.parametrize(("name", "verb", "resource"), KINDS)
def test_the_same_requests_answered_fast_by_a_server_that_refuses_nobody_are_no_storm(
    name: str, verb: str, resource: str
) -> None:
    calm = [item for item in load(verb, resource, 9000.0, 0.003).counters if item.labels["code"] != "429"]
    times = load(verb, resource, 9000.0, 0.003).distributions
    judged = found(name, only(metrics=metrics(*calm, *times)))
    assert judged.verdict is Verdict.REFUTED


@pytest.mark.parametrize(("name", "verb", "resource"), KINDS)
def test_metrics_over_time_deny_what_they_hardly_count(name: str, verb: str, resource: str) -> None:
    judged = found(name, only(metrics=load(verb, resource, 3.0, 0.003)))
    assert judged.verdict is Verdict.REFUTED
    assert judged.evidence_against[0].source == "metrics"


def test_metrics_cannot_tell_who_creates_reviews() -> None:
    observed = only(metrics=load("POST", "tokenreviews", 9000.0, 3.0))
    judged = found("token_review_others", observed)
    assert judged.verdict is Verdict.UNDECIDED
    assert judged.undecided_by
    assert found("token_review_storm", observed).verdict is Verdict.SUPPORTED


def test_what_is_mostly_refused_is_no_holder_of_seats() -> None:
    refused = counter("apiserver_request_total", 9000.0, per_s=90.0, verb="LIST", resource="pods", code="429")
    served = counter("apiserver_request_total", 900.0, per_s=9.0, verb="LIST", resource="pods", code="200")
    assert not large(asked(only(metrics=metrics(refused, served)), "LISTs", verbs=("LIST",)), least=0.3)
    assert large(asked(only(metrics=metrics(served)), "LISTs", verbs=("LIST",)), least=0.3)


def test_look_ups_beside_reviews_support_the_storm_where_the_version_looks_up() -> None:
    base = load("POST", "tokenreviews", 6000.0, 3.0)
    reads = [
        counter("apiserver_request_total", 6000.0, per_s=100.0, verb="GET", resource=name, code="200")
        for name in ("secrets", "serviceaccounts")
    ]
    observed = only(metrics=replace(base, counters=(*base.counters, *reads)))
    told = [item.text for item in found("token_review_storm", observed).evidence_for]
    assert any("looks up each token at itself" in text for text in told)
    newer = [item.text for item in found("token_review_storm", observed, "1.28.0").evidence_for]
    assert not any("looks up each token at itself" in text for text in newer)


def test_refused_heartbeats_are_victims_and_heavy_ones_the_cause() -> None:
    lost = counter(
        "apiserver_request_total",
        3000.0,
        per_s=30.0,
        verb="PATCH",
        resource="nodes",
        subresource="status",
        code="429",
    )
    base = load("PATCH", "nodes", 3000.0, 0.01, subresource="status")
    victims = found("heartbeat_pressure", only(metrics=replace(base, counters=(lost, *base.counters))))
    assert (victims.verdict, victims.role) == (Verdict.SUPPORTED, Role.VICTIM)
    heavy = load("PATCH", "nodes", 9000.0, 2.0, subresource="status")
    cause = found("heartbeat_pressure", only(metrics=replace(heavy, counters=(lost, *heavy.counters))))
    assert (cause.verdict, cause.role) == (Verdict.SUPPORTED, Role.CAUSE)


def test_lines_of_kubelets_stand_beside_refused_heartbeats() -> None:
    lost = counter("apiserver_request_total", 3000.0, per_s=30.0, verb="PUT", resource="leases", code="504")
    lines = logs(group("node_not_ready", 40, component="kubelet"))
    observed = only(metrics=metrics(lost, REFUSED, *OTHERS), logs=lines)
    judged = found("heartbeat_pressure", observed)
    assert {item.source for item in judged.evidence_for} == {"metrics", "log"}


def test_failed_authentications_in_metrics_or_lines_are_a_flood() -> None:
    failing = counter("authentication_attempts", 9000.0, per_s=100.0, result="error")
    passing = counter("authentication_attempts", 3000.0, per_s=30.0, result="success")
    judged = found("invalid_tokens", only(metrics=metrics(failing, passing)), "1.28.0")
    assert judged.verdict is Verdict.SUPPORTED
    lines = logs(group("authentication", 2000, subject="invalid bearer token"))
    assert found("invalid_tokens", only(logs=lines), "1.28.0").verdict is Verdict.SUPPORTED
    few = counter("authentication_attempts", 3.0, per_s=0.1, result="error")
    assert found("invalid_tokens", only(metrics=metrics(few, passing)), "1.28.0").verdict is Verdict.REFUTED
    assert found("invalid_tokens", only(metrics=metrics(REFUSED)), "1.28.0").verdict is Verdict.UNDECIDED


def test_a_restart_and_lists_that_peak_are_a_herd_and_many_restarts_are_not() -> None:
    base = load("LIST", "pods", 9000.0, 2.0)
    peaks = tuple(replace(item, peak_rate=9 * (item.rate or 0.0)) for item in base.counters)
    once = replace(base, counters=peaks, instances=(instance(restarts=1),))
    assert found("relist_herd", only(metrics=once)).verdict is Verdict.SUPPORTED
    often = replace(once, instances=(instance(restarts=5),))
    assert found("relist_herd", only(metrics=often)).verdict is Verdict.UNDECIDED
    assert found("relist_herd", only(metrics=base)).verdict is Verdict.UNDECIDED


def test_a_component_that_counts_most_requests_as_its_own_is_the_hot_client() -> None:
    manager = "kube-controller-manager"
    sent = counter("rest_client_requests_total", 9000.0, per_s=130.0, component=manager, code="200")
    base = metrics(REFUSED, *OTHERS)
    hot = found("hot_client", only(metrics=replace(base, counters=(sent, *base.counters))))
    assert hot.verdict is Verdict.SUPPORTED
    assert hot.numbers["client"] == manager
    little = replace(sent, total=10.0, increase=10.0)
    cool = found("hot_client", only(metrics=replace(base, counters=(little, *base.counters))))
    assert cool.verdict is Verdict.UNDECIDED


def test_refusals_that_outnumber_what_is_let_in_are_retries() -> None:
    many = counter("apiserver_request_total", 9000.0, per_s=150.0, verb="GET", resource="pods", code="429")
    assert found("retry_storm", only(metrics=metrics(many, *OTHERS))).verdict is Verdict.SUPPORTED
    few = counter("apiserver_request_total", 300.0, per_s=2.0, verb="GET", resource="pods", code="429")
    judged = found("retry_storm", only(metrics=metrics(few, *OTHERS)))
    assert judged.verdict in (Verdict.UNDECIDED, Verdict.REFUTED)
