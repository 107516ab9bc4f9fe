"""Tokens stand in every place that they can stand, and come out of none."""

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scanning import event, line, scanned

from snowpit.ingest.redact import redact
from snowpit.ingest.tolerant import Kind, sniff
from snowpit.ingest.tolerant.decode import BrokenJsonError, decode

PAYLOAD = (
    base64.urlsafe_b64encode(b'{"sub":"system:serviceaccount:a:b","canary":"payload-canary"}')
    .decode()
    .rstrip("=")
)
JWT = f"eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.{PAYLOAD}.c2lnbmF0dXJlLWNhbmFyeQ"
OPAQUE = "opaque-canary-0123456789"
CANARIES = ("canary", PAYLOAD[:24], PAYLOAD[-20:], "c2lnbmF0dXJl", "eyJhbGciOiJSUzI1NiIsImtpZCI6", OPAQUE)
REVIEW = {"resource": "tokenreviews", "apiGroup": "authentication.k8s.io", "apiVersion": "v1"}


def review(**changes: Any) -> dict[str, Any]:
    return event(
        objectRef=REVIEW, verb="create", requestURI="/apis/authentication.k8s.io/v1/tokenreviews", **changes
    )


HOLDERS: dict[str, dict[str, Any]] = {
    "request": review(requestObject={"spec": {"token": JWT}}),
    "response": review(responseObject={"spec": {"token": JWT}, "status": {"error": f"bad {JWT}"}}),
    "opaque": review(requestObject={"spec": {"token": OPAQUE}}, responseObject={"spec": {"token": OPAQUE}}),
    "answered": review(responseObject={"spec": {"token": JWT}, "status": {"user": {"username": f"x {JWT}"}}}),
    "message": event(responseStatus={"code": 401, "message": f"Bearer {JWT}", "reason": f"Bearer {OPAQUE}"}),
    "extra": event(
        user={"username": "u", "groups": [f"bearer {OPAQUE}"], "extra": {"Authorization": [f"Bearer {JWT}"]}}
    ),
    "annotations": event(
        annotations={"authorization.k8s.io/reason": JWT, "apiserver.latency.k8s.io/etcd": JWT}
    ),
    "query": event(requestURI=f"/api/v1/pods?access_token={OPAQUE}&limit=5&token={OPAQUE}&id_token={JWT}"),
    "path": event(
        objectRef=None, requestURI=f"/oauth/authorize?Authorization=Bearer%20{OPAQUE}&password={OPAQUE}#{JWT}"
    ),
    "agent": event(userAgent=f"curl/7 Bearer {OPAQUE} {JWT}"),
    "names": event(objectRef={"resource": "secrets", "name": JWT, "namespace": JWT, "subresource": JWT}),
    "user": event(user={"username": JWT}, impersonatedUser={"username": f"bearer+{OPAQUE}"}),
    "source": event(sourceIPs=[JWT], auditID=JWT, level=JWT, verb=JWT),
    "bad time": event(stageTimestamp=JWT, requestReceivedTimestamp=OPAQUE),
    "bad type": event(verb={"token": JWT}, auditID=[OPAQUE]),
    "unknown": event(Authorization=JWT, headers={"cookie": OPAQUE}),
    "other kind": {"kind": "Secret", "data": {"token": JWT}},
    "old": review(requestReceivedTimestamp=None, stageTimestamp=None, requestObject={"spec": {"token": JWT}}),
}


def wrappings(value: dict[str, Any]) -> dict[str, bytes]:
    text = json.dumps(value)
    raw = text.encode()
    packed = base64.b64encode(gzip.compress(json.dumps({"logEvents": [{"message": text}]}).encode()))
    return {
        "line": raw + b"\n",
        "pretty": json.dumps([value], indent=1).encode(),
        "cut": raw[:-9],
        "cut pretty": json.dumps([value, value], indent=1).encode()[:-9],
        "glued": raw[:-20] + raw + b"\n",
        "headless": raw[40:] + b"\n",
        "holes": raw[:50] + b"\0\0\0" + raw[50:] + b"\n",
        "invalid": raw.replace(b'"kind"', b'"\xff": 1, "kind"') + b"\n",
        "prefix": b"ip-10-0-0-1 " + raw + b"\n",
        "secret prefix": f"{JWT} Bearer {OPAQUE} ".encode() + raw + b"\n",
        "garbage": f"Authorization: Bearer {JWT}\n{OPAQUE}\n".encode() + raw,
        "message": json.dumps({"message": text, "host": JWT}).encode() + b"\n",
        "aks": json.dumps({"properties": {"log": text, "pod": f"Bearer {OPAQUE}"}}).encode() + b"\n",
        "packed": packed + b"\n",
        "csv": b'log_s,x\n"' + raw.replace(b'"', b'""') + b'",' + JWT.encode() + b"\n",
        "yaml": f"auditID: a\nverb: get\nrequestURI: /x?token={OPAQUE}\nuserAgent: {JWT}\nstageTimestamp: {JWT}\n".encode(),
        "legacy": f'2016-09-07T13:03:57Z AUDIT: id="a" method="GET" user="{JWT}" uri="/x?token={OPAQUE}"\n'.encode(),
        "legacy cut": f'2016-09-07T13:03:57Z AUDIT: id="a" user="{JWT}\n'.encode(),
    }


@pytest.mark.parametrize("wrapping", wrappings({}))
@pytest.mark.parametrize("holder", HOLDERS)
def test_no_token_leaves_the_reader(holder: str, wrapping: str) -> None:
    data = wrappings(HOLDERS[holder])[wrapping]
    for kind in (sniff(data), Kind("lines", "x"), Kind("document", "x")):
        chunks, scanner = scanned(data, kind)
        said = repr((chunks, scanner.absent, scanner.notes, kind))
        assert [canary for canary in CANARIES if canary in said] == []


def test_the_corpus_is_read_and_not_just_rejected() -> None:
    read = [scanned(wrappings(holder)["line"])[0] for holder in HOLDERS.values()]
    assert sum(bool(chunk.rows) for chunks in read for chunk in chunks) >= len(HOLDERS) - 3
    (subject,) = [row["subject"] for chunk in scanned(line_of("request"))[0] for row in chunk.rows]
    assert subject == "system:serviceaccount:a:b"


def line_of(holder: str) -> bytes:
    return wrappings(HOLDERS[holder])["line"]


def test_an_error_of_the_decoder_does_not_quote_its_input() -> None:
    with pytest.raises(BrokenJsonError) as caught:
        decode(f'{{"token": "{JWT}", "x": {OPAQUE}'.encode())
    assert caught.value.args == ()
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "text",
    [
        "kubelet/v1.13.5 (linux/amd64) kubernetes/2166946",
        "system:serviceaccount:kube-system:token-cleaner",
        "bearer-authenticator-7d9f",
        "?fieldSelector=metadata.name%3Dtokens&limit=500&resourceVersion=0",
        "heyjude-controller-manager-leader",
        "keyJanitorController/v1.2.3",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(line())), st.integers(0, 40))
def test_a_token_at_any_place_of_a_line_stays_inside(start: int, hole: int) -> None:
    data = line()[:start] + JWT.encode() + line()[start + hole :] + b"\n"
    chunks, scanner = scanned(data, Kind("lines", "x"))
    said = repr((chunks, scanner.notes))
    assert [canary for canary in CANARIES if canary in said] == []
