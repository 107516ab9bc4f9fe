"""The one ordered list of stages that a request passes inside an API server, by version.

Outermost first. What matters most here is an order that never changed: a request is
authenticated before it asks for a seat, so the wait for a ServiceAccount token's
look-ups is bounded by no seat; and a TokenReview authenticates the reviewed token
in its handler, on a seat. Source: kubernetes/apiserver pkg/server/config.go
DefaultBuildHandlerChain 1.12.0, 1.18.0, 1.20.0, 1.21.0, 1.22.0, 1.28.0.
"""

from typing import NamedTuple

from snowpit.cluster.control_plane import ControlPlane
from snowpit.knowledge.version import Version


class Stage(NamedTuple):
    """One stage of the path.

    Args:
        name: Stable name.
        does: What it does to a request.
        limit: Parameter of the control plane that bounds what lies inside this stage; empty if none does.
        audit_clock: Whether requestReceivedTimestamp is taken here.
        holds_seat: Whether a request holds a seat from here on inwards.
        skips_long_running: Whether watches and other long-running requests pass by it.
    """

    name: str
    does: str
    limit: str = ""
    audit_clock: bool = False
    holds_seat: bool = False
    skips_long_running: bool = False


_TIMEOUT = Stage(
    "timeout",
    "answers 504 when its time is over; what lies inside runs on",
    limit="request_timeout_s",
    skips_long_running=True,
)
_AUTHENTICATION = Stage(
    "authentication", "asks the authenticator chain; look-ups wait at the loopback limiter; refuses with 401"
)
_AUDIT = Stage("audit", "writes the event when what lies inside has ended, with its code")
_IMPERSONATION = Stage("impersonation", "puts on the user that the headers ask for")
_GATE = Stage(
    "in_flight",
    "takes a seat or answers 429 at once; system:masters passes a full gate",
    limit="max_mutating_requests_inflight",
    holds_seat=True,
    skips_long_running=True,
)
_FAIRNESS = Stage(
    "priority_and_fairness",
    "takes seats of a priority level, queues, or answers 429; system:masters is exempt",
    limit="queue_wait_limit_s",
    holds_seat=True,
    skips_long_running=True,
)
_AUTHORIZATION = Stage("authorization", "asks RBAC and the node authorizer; refuses with 403")
_HANDLER = Stage(
    "handler",
    "admission and storage; a TokenReview authenticates the reviewed token here; a write answers 504 at the limit",
    limit="handler_timeout_s",
)
_LATER = (
    ("1.22.0", Stage("audit_id", "gives the request its audit id")),
    ("1.20.0", Stage("request_received", "stamps the time of receipt", audit_clock=True)),
    ("1.18.0", Stage("goaway", "asks an HTTP/2 client now and then to reconnect elsewhere")),
    ("1.21.0", Stage("deadline", "puts the request's deadline on its context", limit="request_timeout_s")),
)
"""Stages outside the time limit that later versions added, outermost first."""

LONG_RUNNING_VERBS = ("watch", "proxy")
LONG_RUNNING_SUBRESOURCES = ("attach", "exec", "proxy", "log", "portforward")


def stages(plane: ControlPlane) -> tuple[Stage, ...]:
    """The stages of a control plane, outermost first; an unknown version counts as the newest."""
    version = plane.version or Version(1, 999)
    outer = tuple(stage for since, stage in _LATER if version.at_least(since))
    clock = not any(stage.audit_clock for stage in outer)
    gate = _FAIRNESS if plane.flag("priority_and_fairness") else _GATE
    audit = _AUDIT._replace(audit_clock=clock)
    return (*outer, _TIMEOUT, _AUTHENTICATION, audit, _IMPERSONATION, gate, _AUTHORIZATION, _HANDLER)


def long_running(verb: str, subresource: str) -> bool:
    """Whether a request passes by the time limit and the gate.

    >>> long_running("watch", ""), long_running("create", "exec"), long_running("create", "")
    (True, True, False)
    """
    return verb in LONG_RUNNING_VERBS or subresource in LONG_RUNNING_SUBRESOURCES
