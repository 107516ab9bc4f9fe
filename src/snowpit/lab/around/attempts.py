"""What client-go says of an attempt that failed, in the words of its version.

Source: apimachinery pkg/api/errors/errors.go (NewGenericServerResponse) 1.12.0 to 1.28.0; Go net/http and net/url: URLs are quoted
from Go 1.14, which is Kubernetes 1.19, and the text of a client's own time limit changed with it.
"""

from typing import NamedTuple

import msgspec

from snowpit.knowledge.version import Version
from snowpit.lab.around.asks import Ask
from snowpit.lab.around.caller import ABANDONED, RESET, Outcome

TOO_MANY = "the server has received too many requests and has asked us to try again later"
ALLOTTED = (
    "the server was unable to return a response in the time allotted, but may still be processing the request"
)
UNKNOWN = "an error on the server has prevented the request from succeeding"
QUOTED_FROM = Version(1, 19, 0)


class Attempt(NamedTuple):
    """One attempt.

    Args:
        asked: What was asked for.
        address: Of whom.
        outcome: What became of it.
    """

    asked: Ask
    address: str
    outcome: Outcome

    @property
    def url(self) -> str:
        """Where it went."""
        return f"https://{self.address}{self.asked.target}"

    @property
    def code(self) -> int:
        """Status of the answer; 0 if none came."""
        return 0 if self.outcome.response is None else self.outcome.response.status


def error(attempt: Attempt, version: Version | None, *, limit_s: float = 0.0) -> str:
    """The error that the attempt gives.

    Args:
        attempt: An attempt that failed.
        version: Version of the client.
        limit_s: The client's own time limit, s; 0 if a context has one instead.
    """
    modern = version is None or version.at_least(QUOTED_FROM)
    shown = f'"{attempt.url}"' if modern else attempt.url
    head = f"{attempt.asked.method.capitalize()} {shown}: "
    if attempt.outcome.end == RESET:
        return f"{head}dial tcp {attempt.address}: connect: connection refused"
    if attempt.outcome.end == ABANDONED and limit_s:
        why = "context deadline exceeded" if modern else "net/http: request canceled"
        return f"{head}{why} (Client.Timeout exceeded while awaiting headers)"
    if attempt.outcome.end == ABANDONED:
        return "context deadline exceeded"
    return _told(attempt) or _generic(attempt)


def _told(attempt: Attempt) -> str:
    """The message of a Status, if the answer is one."""
    try:
        response = attempt.outcome.response
        found = msgspec.json.decode(b"" if response is None else response.body, type=dict)
    except msgspec.DecodeError:
        return ""
    return str(found.get("message", "")) if found.get("kind") == "Status" else ""


def _generic(attempt: Attempt) -> str:
    text = {429: TOO_MANY, 504: ALLOTTED}.get(attempt.code, UNKNOWN)
    return f"{text} ({attempt.asked.method.lower()} {_resource(attempt.asked)})"


def _resource(asked: Ask) -> str:
    """Resource and name of a request.

    >>> _resource(Ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews"))
    'tokenreviews.authentication.k8s.io'
    >>> _resource(Ask("PATCH", "/api/v1/nodes/node-3/status?timeout=10s"))
    'nodes node-3'
    """
    steps = asked.target.partition("?")[0].strip("/").split("/")
    group = f".{steps[1]}" if steps[0] == "apis" else ""
    rest = steps[3:] if steps[0] == "apis" else steps[2:]
    if rest[:1] == ["namespaces"] and len(rest) > 2:  # noqa: PLR2004 - a namespace and what is in it
        rest = rest[2:]
    return " ".join([f"{rest[0]}{group}", *rest[1:2]])
