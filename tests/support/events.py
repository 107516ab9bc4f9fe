"""Audit events for tests."""

import msgspec


def event(
    identity: str, stage: str, *, code: int | None = None, at: int = 0, end: int = 0, **more: object
) -> bytes:
    """One line of an audit log.

    Args:
        identity: Audit ID.
        stage: Audit stage.
        code: Status code, if there is an answer.
        at: Second of arrival.
        end: Second of the stage; the arrival if 0.
        more: Fields that replace others.
    """
    fields: dict[str, object] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": identity,
        "stage": stage,
        "requestURI": "/api/v1/pods?watch=true",
        "verb": "watch",
        "user": {"username": "alice", "groups": ["a", "b"]},
        "sourceIPs": ["10.0.0.1", "10.0.0.2"],
        "objectRef": {"resource": "pods", "apiVersion": "v1"},
        "requestReceivedTimestamp": f"2026-01-01T00:00:{at:02d}.000000Z",
        "stageTimestamp": f"2026-01-01T00:00:{end or at:02d}.000000Z",
    }
    if code is not None:
        fields["responseStatus"] = {"code": code}
    return msgspec.json.encode(fields | more) + b"\n"
