import base64
import json
from typing import Any

import pytest
from scanning import FINISHED, RECEIVED, event, line, rows, scanned, verdicts

from snowpit.ingest.tolerant import Kind, parse_line

LINES = Kind("lines", "audit log (JSON lines)")


def row(**changes: Any) -> dict[str, Any]:
    (only,) = rows(line(**changes), kind=LINES)
    return only


def test_an_ordinary_event_fills_every_column_it_carries() -> None:
    assert {key: value for key, value in row().items() if value is not None} == {
        "received": RECEIVED,
        "finished": FINISHED,
        "verb": "list",
        "group": "",
        "version": "v1",
        "resource": "pods",
        "namespace": "blue",
        "uri": "?limit=500",
        "user": "system:node:n1",
        "groups": "system:nodes,system:authenticated",
        "user_agent": "kubelet/v1.13.5 (linux/amd64) kubernetes/2166946",
        "source": "10.1.2.3",
        "code": 200,
        "stage": "ResponseComplete",
        "audit_id": "11111111-2222-3333-4444-555555555555",
        "level": "Metadata",
    }


@pytest.mark.parametrize("api", ["audit.k8s.io/v1", "audit.k8s.io/v1beta1", "audit.k8s.io/v1alpha1", None])
def test_every_api_version_and_none_is_read(api: str | None) -> None:
    assert row(apiVersion=api)["received"] == RECEIVED


@pytest.mark.parametrize(
    ("stage", "code", "ends"),
    [
        ("RequestReceived", None, False),
        ("ResponseStarted", 200, False),
        ("ResponseStarted", 401, True),
        ("ResponseComplete", 200, True),
        ("Panic", 500, True),
    ],
)
def test_only_a_terminal_stage_has_an_end(stage: str, code: int | None, ends: bool) -> None:  # noqa: FBT001
    status = None if code is None else {"code": code}
    assert (row(stage=stage, responseStatus=status)["finished"] is not None) == ends


def test_an_event_with_one_time_claims_no_sojourn_time() -> None:
    old = line(requestReceivedTimestamp=None, stageTimestamp=None, timestamp="2019-10-17T08:13:20Z")
    chunks, scanner = scanned(old, LINES)
    assert chunks[0].rows[0]["received"] == 1_571_300_000_000_000
    assert chunks[0].rows[0]["finished"] == 1_571_300_000_000_000
    assert "latency" in scanner.absent
    assert scanner.notes


def test_a_non_resource_request_keeps_its_path() -> None:
    read = row(objectRef=None, requestURI="/healthz/ping?verbose=1", verb="get")
    assert read["uri"] == "/healthz/ping?verbose=1"
    assert read.get("resource") is None


def test_a_missing_object_is_derived_from_the_path() -> None:
    read = row(objectRef=None, requestURI="/apis/apps/v1/namespaces/blue/deployments/web/scale?x=1")
    wanted = ("apps", "v1", "deployments", "scale", "blue", "web", "?x=1")
    names = ("group", "version", "resource", "subresource", "namespace", "name", "uri")
    assert tuple(read[name] for name in names) == wanted


def test_latency_annotations_become_microseconds_and_webhooks_add_up() -> None:
    prefix = "apiserver.latency.k8s.io/"
    parts = {
        "etcd": "1.5s",
        "apf-queue-wait": "750.5µs",
        "mutating-webhook": "1m0s",
        "validating-webhook": "2ms",
        "response-write": "900ns",
    }
    read = row(annotations={prefix + key: value for key, value in parts.items()})
    assert [read[name] for name in ("etcd", "queued", "webhooks", "written")] == [
        1_500_000,
        750,
        60_002_000,
        0,
    ]


def test_a_wrong_type_in_an_optional_field_is_null_and_the_event_stays() -> None:
    read = row(
        user=7, sourceIPs="x", userAgent=["y"], responseStatus=[], annotations=3, impersonatedUser=True
    )
    assert read.get("user") is None
    assert read["verb"] == "list"
    assert read["code"] is None


@pytest.mark.parametrize("name", ["auditID", "verb", "stage", "requestReceivedTimestamp", "stageTimestamp"])
def test_a_wrong_type_in_a_required_field_is_a_reject_that_names_it(name: str) -> None:
    assert verdicts(line(**{name: 42}), kind=LINES) == [f"reject:bad field {name}"]


@pytest.mark.parametrize("when", ["yesterday", "2019-13-01T00:00:00Z", "9999-01-01T00:00:00Z", "0000-00-00"])
def test_an_absurd_time_is_a_reject(when: str) -> None:
    assert verdicts(line(stageTimestamp=when), kind=LINES) == ["reject:bad field stageTimestamp"]


@pytest.mark.parametrize(
    "when",
    [
        "2019-10-17T08:13:20.123456789Z",
        "2019-10-17 08:13:20.123456Z",
        "2019-10-17 08:13:20.123456",
        "2019-10-17T04:13:20.123456-04:00",
        "2019-10-17T10:13:20.123456+0200",
        "2019-10-17T08:13:20,123456Z",
        "1571300000123456",
        "1571300000123456789",
    ],
)
def test_relatives_of_rfc_3339_are_understood(when: str) -> None:
    assert row(requestReceivedTimestamp=when)["received"] == RECEIVED


def test_a_leap_second_is_the_second_after() -> None:
    assert row(stageTimestamp="2016-12-31T23:59:60.5Z")["finished"] == 1_483_228_800_500_000


def test_a_time_without_zone_is_noted() -> None:
    _, scanner = scanned(line(stageTimestamp="2019-10-17 08:13:20"), LINES)
    assert scanner.notes == ["times without a zone are taken as UTC"]


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "Event", "apiVersion": "v1", "involvedObject": {"kind": "Pod"}, "message": "Started"},
        {"kind": "Event", "apiVersion": "v1", "reason": "Started"},
        {"kind": "Pod", "apiVersion": "v1"},
        {"level": "info", "msg": "hello"},
        [1, 2],
        {},
    ],
)
def test_json_that_is_no_audit_event_is_of_another_kind_and_no_reject(other: object) -> None:
    assert verdicts(json.dumps(other).encode(), kind=LINES) == ["other"]


def test_a_single_line_can_be_read_without_a_scanner() -> None:
    verdict, found = parse_line(line() + b"\n", LINES)
    assert verdict == "event"
    assert found[0]["received"] == RECEIVED
    assert parse_line(b"  \r\n", LINES) == ("empty", [])
    assert parse_line(b"half a li", LINES) == ("reject:not JSON", [])


def token(claims: dict[str, Any]) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{middle}.c2lnbmF0dXJl"


def review(**changes: Any) -> Any:
    reference = {"resource": "tokenreviews", "apiGroup": "authentication.k8s.io", "apiVersion": "v1"}
    return row(verb="create", objectRef=reference, requestURI="/apis/x", **changes).get("subject")


def test_the_subject_is_the_user_of_the_answer() -> None:
    claimed = {"spec": {"token": token({"sub": "somebody"})}}
    answered = {"status": {"user": {"username": "system:serviceaccount:a:b"}}}
    assert review(requestObject=claimed, responseObject=answered) == "system:serviceaccount:a:b"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "system:serviceaccount:a:b"},
        {
            "kubernetes.io/serviceaccount/namespace": "a",
            "kubernetes.io/serviceaccount/service-account.name": "b",
        },
        {"kubernetes.io": {"namespace": "a", "serviceaccount": {"name": "b"}}},
    ],
)
@pytest.mark.parametrize("body", ["requestObject", "responseObject"])
def test_the_subject_of_an_unanswered_review_is_claimed_by_the_token(
    claims: dict[str, Any], body: str
) -> None:
    assert review(**{body: {"spec": {"token": token(claims)}}}) == "system:serviceaccount:a:b"


@pytest.mark.parametrize(
    "bad", ["", "abc", "a.b.c", "a.!!.c", token({"sub": "x" * 300}), token({"sub": 5}), 7]
)
def test_a_token_that_tells_nothing_gives_no_subject(bad: object) -> None:
    assert review(requestObject={"spec": {"token": bad}}) is None


def test_the_subject_of_an_access_review_is_the_user_asked_about() -> None:
    reference = {"resource": "subjectaccessreviews", "apiGroup": "authorization.k8s.io"}
    assert row(objectRef=reference, requestObject={"spec": {"user": "jane"}})["subject"] == "jane"


def test_other_resources_have_no_subject() -> None:
    assert row(requestObject={"spec": {"user": "jane", "token": token({"sub": "x"})}}).get("subject") is None


def test_the_sample_event_is_what_the_other_tests_think() -> None:
    assert event(verb=None).get("verb") is None
