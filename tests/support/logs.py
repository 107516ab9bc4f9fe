"""Small audit logs, made by recipe, for tests of commands and reports."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXBheWxvYWQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"  # noqa: S105 - what must not leak


def event(number: int, *, at_s: float = 0.0, took_s: float = 0.01, **fields: Any) -> dict[str, Any]:
    """A finished request.

    Args:
        number: Makes its audit ID.
        at_s: Arrival, seconds after the start.
        took_s: Sojourn time.
        fields: user, verb, resource, code and agent, where they differ; anything else goes into the event.
    """
    received = START + timedelta(seconds=at_s)
    made: dict[str, Any] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": f"00000000-0000-4000-8000-{number:012d}",
        "stage": "ResponseComplete",
        "requestURI": f"/api/v1/namespaces/default/{fields.get('resource', 'configmaps')}",
        "verb": fields.pop("verb", "update"),
        "user": {
            "username": fields.pop("user", "system:serviceaccount:default:app"),
            "groups": ["system:authenticated"],
        },
        "sourceIPs": ["10.0.0.7"],
        "userAgent": fields.pop("agent", "app/1.0"),
        "objectRef": {
            "resource": fields.pop("resource", "configmaps"),
            "namespace": "default",
            "apiVersion": "v1",
        },
        "responseStatus": {"metadata": {}, "code": fields.pop("code", 200)},
        "requestReceivedTimestamp": instant(received),
        "stageTimestamp": instant(received + timedelta(seconds=took_s)),
    }
    return made | fields


def instant(moment: datetime) -> str:
    """As the audit log writes instants."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def write(path: Path, events: Iterable[Mapping[str, Any] | str]) -> Path:
    """Events (or raw lines) as a log."""
    lines = [item if isinstance(item, str) else json.dumps(item) for item in events]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def healthy(path: Path, requests: int = 200) -> Path:
    """A quiet server: short requests of a few clients, evenly over time."""
    made = (
        event(
            number,
            at_s=number * 0.5,
            user=f"system:serviceaccount:default:app-{number % 5}",
            verb=("get", "update")[number % 2],
        )
        for number in range(requests)
    )
    return write(path, made)


HOSTILE = "evil\x1b[31m\u202e\u200b|`<script>alert(1)</script>[x](http://e)"
"""A user name that would colour, reverse, hide, break a table and run a script."""


def hostile(path: Path) -> Path:
    """Names that attack the reader's terminal, and lines that are no events."""
    events: list[Mapping[str, Any] | str] = [
        event(number, at_s=number * 0.1, user=HOSTILE, agent=HOSTILE, code=500 if number % 9 == 0 else 200)
        for number in range(120)
    ]
    return write(path, [*events[:60], "garbage \x1b]0;owned\x07", '{"kind": "Event", "broken', *events[60:]])


def with_tokens(path: Path) -> Path:
    """Reviews whose bodies hold a token, and tokens in query parts."""
    body = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": {"token": SECRET}}
    reviews = (
        event(
            number,
            at_s=number * 0.2,
            user=f"system:node:n{number % 20}",
            verb="create",
            resource="tokenreviews",
            level="RequestResponse",
            requestObject=body,
            responseObject=body
            | {"status": {"authenticated": True, "user": {"username": "system:serviceaccount:a:b"}}},
            requestURI=f"/apis/authentication.k8s.io/v1/tokenreviews?access_token={SECRET}",
            code=201,
        )
        for number in range(60)
    )
    return write(path, [*reviews, f'{{"kind": "Event", "token": "{SECRET}", broken'])
