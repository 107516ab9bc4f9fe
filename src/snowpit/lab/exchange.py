"""One request on its way through a lab's API server: each stage of the path fills in what it learns."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from snowpit.lab.wire import Request


class RequestInfo(NamedTuple):
    """What is asked, as the API server reads it off method and path (kubernetes/apiserver pkg/endpoints/request/requestinfo.go).

    Args:
        resource_request: Whether it is about a resource; else only verb and path count.
        verb: ``get``, ``list``, ``watch``, ``create``, ``update``, ``patch``, ``delete``, ``deletecollection``, or the
            method in lower case.
        group: API group, empty for the core group.
        version: API version.
        resource: Resource.
        subresource: Subresource, may be empty.
        namespace: Namespace, may be empty.
        name: Name, may be empty.
        path: Path.
    """

    resource_request: bool
    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def read_only(self) -> bool:
        """Whether it takes a read-only seat."""
        return self.verb in ("get", "list", "watch")


class User(NamedTuple):
    """Who asks, or is asked about.

    Args:
        name: User name.
        uid: UID, may be empty.
        groups: Groups.
        extra: Further values by key.
    """

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = {}


MASTERS = "system:masters"
ANONYMOUS = User("system:anonymous", groups=("system:unauthenticated",))


class AuthenticationError(Exception):
    """A credential was shown and is not accepted; the text is what the API server says. Never holds the credential."""


@dataclass(slots=True)
class Exchange:
    """A request with all that the server knows of it.

    Args:
        request: The request.
        info: What is asked.
        arrived: When it was read, s on the lab's clock.
        audit_id: Audit id (UUID).
        stamped: What the audit event takes as time of receipt, s; by version at arrival or after authentication.
        user: Who asks; null before authentication.
        impersonated: Whom the user acts as, if anyone.
        decision: ``allow`` or ``forbid``; empty before authorization.
        reason: Why.
        annotations: Further audit annotations.
        priority_level: Level that it was put in, under priority and fairness.
        flow_schema: Flow schema that matched.
        seats: Seats that it holds.
        queued: Time in a queue, s.
        enqueued: Requests in its queue once it had joined, itself included; 0 where there is no queue.
        seated: When it got its seat, s; null before.
        handling: When its handler began, s; null before.
        etcd: Time spent at the store, s.
        body: Parsed request body; null if there is none.
        over: Whether it has been answered; work on its behalf may go on.
        answer: Object of the response for audit at level RequestResponse; null if it has none.
        audits: What has to be done before it may go on, where the audit webhook blocks.
    """

    request: Request
    info: RequestInfo
    arrived: float
    audit_id: str
    stamped: float = 0.0
    user: User | None = None
    impersonated: User | None = None
    decision: str = ""
    reason: str = ""
    annotations: dict[str, str] = field(default_factory=dict)
    priority_level: str = ""
    flow_schema: str = ""
    seats: int = 0
    queued: float = 0.0
    enqueued: int = 0
    seated: float | None = None
    handling: float | None = None
    etcd: float = 0.0
    over: bool = False
    body: object = field(default=None, repr=False)
    answer: object = field(default=None, repr=False)
    audits: list[asyncio.Task[None]] = field(default_factory=list, repr=False)

    @property
    def deserted(self) -> bool:
        """Whether nobody waits for its look-ups any more: it was answered, or its client left before it was authenticated."""
        return self.over or (self.user is None and self.request.gone.is_set())

    @property
    def acting(self) -> User:
        """Who counts for seats and authorization: the impersonated user, else the user, else anonymous."""
        return self.impersonated or self.user or ANONYMOUS
