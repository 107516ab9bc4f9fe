"""Who was being reviewed, for TokenReviews and SubjectAccessReviews.

The token is looked at here and nowhere else; no function returns it or any part
of it but the name of the identity that it claims.
"""

import binascii
from base64 import urlsafe_b64decode
from typing import Any

import msgspec

REVIEWS = (
    "tokenreviews",
    "subjectaccessreviews",
    "localsubjectaccessreviews",
    "selfsubjectaccessreviews",
)
"""Resources whose objects name a subject."""

LONGEST = 256
"""Characters of a believable user name."""

_OLD = "kubernetes.io/serviceaccount/"


def subject(resource: str, *, request: object, response: object) -> str | None:
    """The identity under review.

    Args:
        resource: One of :data:`REVIEWS`.
        request: ``requestObject``, decoded.
        response: ``responseObject``, decoded.

    Returns:
        The user of the answer, else the identity that the token claims
        (unverified), else the user asked about; null if none is told.

    Reference:
        Claims: Kubernetes 1.12 ``pkg/serviceaccount/{legacy,claims}.go``.
    """
    answered = _at(response, "status", "user", "username")
    if isinstance(answered, str) and answered:
        return _believable(answered)
    for body in (request, response):
        claimed = _claimed(_at(body, "spec", "token"))
        if claimed:
            return claimed
    asked = _at(request, "spec", "user")
    return _believable(asked) if resource != "tokenreviews" else None


def _at(value: Any, *path: str) -> Any:  # noqa: ANN401  bodies are of any type
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _believable(name: object) -> str | None:
    return name if isinstance(name, str) and 0 < len(name) <= LONGEST else None


def _claimed(token: object) -> str | None:
    if not isinstance(token, str) or token.count(".") not in (1, 2):
        return None
    payload = token.split(".")[1]
    try:
        claims = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return _believable(_at(claims, "sub")) or _account(claims)


def _account(claims: object) -> str | None:
    bound = _at(claims, "kubernetes.io")
    space, name = _at(bound, "namespace"), _at(bound, "serviceaccount", "name")
    if not (space and name):
        space, name = _at(claims, f"{_OLD}namespace"), _at(claims, f"{_OLD}service-account.name")
    if isinstance(space, str) and isinstance(name, str) and space and name:
        return _believable(f"system:serviceaccount:{space}:{name}")
    return None
