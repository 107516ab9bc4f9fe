"""Rows of the request table as the audit log in which kube-apiserver would have written them.

Fields stand in the order of the Go structs (kubernetes/apiserver ``pkg/apis/audit/v1`` and ``v1beta1``). Tokens are
unsigned and made up here; they exist so that tests can look for them where they must not be.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SIGNATURE = "bm90LWEtc2lnbmF0dXJl"
"""Last part of every token made here: what a search for leaks looks for."""

Row = Mapping[str, Any]


def log(rows: Iterable[Row], *, api: str = "v1", bodies: bool = False, received: bool = True) -> str:
    """A whole log, its lines in the order in which the events were stamped.

    Args:
        rows: Rows of the request table.
        api: ``v1`` or ``v1beta1``.
        bodies: Write TokenReviews at level RequestResponse, tokens included.
        received: Whether the policy keeps the stage RequestReceived.
    """
    lines = sorted(
        (stamp, number, line)
        for number, row in enumerate(rows)
        for stamp, line in events(row, api=api, bodies=bodies, received=received)
    )
    return "".join(f"{line}\n" for _, _, line in lines)


def events(row: Row, *, api: str, bodies: bool, received: bool) -> Iterator[tuple[int, str]]:
    """The events of one request with their stamps, µs since the epoch."""
    start, end = row["received"], row.get("finished")
    anonymous = not row.get("user")  # refused by authentication: one event, of stage ResponseStarted
    if received and not anonymous:
        yield start, _event(row, "RequestReceived", start, api=api, bodies=bodies)
    if row["verb"] == "watch" and not anonymous:
        yield start, _event(row, "ResponseStarted", start, api=api, bodies=bodies)
    if end is not None:
        stage = "ResponseStarted" if anonymous else "ResponseComplete"
        yield end, _event(row, stage, end, api=api, bodies=bodies)


def _event(row: Row, stage: str, stamp: int, *, api: str, bodies: bool) -> str:
    review = bodies and row.get("resource") == "tokenreviews"
    old = api == "v1beta1"
    made: dict[str, Any] = {
        "kind": "Event",
        "apiVersion": f"audit.k8s.io/{api}",
        **({"metadata": {"creationTimestamp": _instant(row["received"])}} if old else {}),
        "level": "RequestResponse" if review else "Metadata",
        **({"timestamp": _instant(row["received"])} if old else {}),
        "auditID": row["audit_id"],
        "stage": stage,
        "requestURI": _uri(row),
        "verb": row["verb"],
        "user": _user(row),
        "sourceIPs": [row["source"]],
        "userAgent": row["user_agent"],
    }
    if row.get("resource"):
        made["objectRef"] = _reference(row)
    if stage != "RequestReceived":
        made |= _response(row)
        if review:
            made |= _bodies(row)
    made |= {"requestReceivedTimestamp": _instant(row["received"]), "stageTimestamp": _instant(stamp)}
    annotations = _annotations(row) if stage == "ResponseComplete" else {}
    return json.dumps(made | ({"annotations": annotations} if annotations else {}), separators=(",", ":"))


def _instant(micros: int) -> str:
    """As ``metav1.MicroTime`` writes it."""
    return f"{EPOCH + timedelta(microseconds=micros):%Y-%m-%dT%H:%M:%S.%fZ}"


def _user(row: Row) -> dict[str, Any]:
    groups = [group for group in row.get("groups", "").split(",") if group]
    return {"username": row["user"], "groups": groups} if row.get("user") else {}


def _uri(row: Row) -> str:
    """Path and query part, as the client sent them."""
    if not row.get("resource"):
        return str(row["uri"])
    group, version = row.get("group", ""), row["version"]
    parts = [f"/apis/{group}/{version}" if group else f"/api/{version}"]
    if row.get("namespace"):
        parts += ["namespaces", row["namespace"]]
    parts.append(row["resource"])
    if row.get("name") and (row["verb"] != "create" or row.get("subresource")):
        parts.append(row["name"])
    if row.get("subresource"):
        parts.append(row["subresource"])
    return "/".join(parts) + (row.get("uri") or "")


def _reference(row: Row) -> dict[str, Any]:
    fields = {
        "resource": row["resource"],
        "namespace": row.get("namespace"),
        "name": row.get("name"),
        "apiGroup": row.get("group"),
        "apiVersion": row["version"],
        "subresource": row.get("subresource"),
    }
    return {name: value for name, value in fields.items() if value}


def _response(row: Row) -> dict[str, Any]:
    code = row.get("code") or 200
    if code < 400:
        return {"responseStatus": {"metadata": {}, "code": code}}
    status: dict[str, Any] = {"metadata": {}, "status": "Failure", "reason": row.get("reason"), "code": code}
    return {"responseStatus": {name: value for name, value in status.items() if value is not None}}


def _annotations(row: Row) -> dict[str, str]:
    names = {"etcd": "etcd", "queued": "apf-queue-wait", "webhooks": "validating-webhook"}
    return {
        f"apiserver.latency.k8s.io/{name}": f"{row[column] / 1e6:.6f}s"
        for column, name in names.items()
        if row.get(column)
    }


def token(subject: str) -> str:
    """An unsigned token that names its subject."""
    parts = ({"alg": "none", "typ": "JWT"}, {"iss": "kubernetes/serviceaccount", "sub": subject})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, SIGNATURE])


def _bodies(row: Row) -> dict[str, Any]:
    """A TokenReview as it was sent and answered; a refusal or time-out has a Status for an answer."""
    kind = {"kind": "TokenReview", "apiVersion": f"authentication.k8s.io/{row['version']}"}
    spec = {"token": token(row.get("subject", ""))}
    asked = {**kind, "metadata": {"creationTimestamp": None}, "spec": spec, "status": {"user": {}}}
    if row.get("code") != 201:
        return {"requestObject": asked}
    known = {"authenticated": True, "user": {"username": row.get("subject", "")}}
    return {"requestObject": asked, "responseObject": {**asked, "status": known}}
