"""What the evidence can and cannot show, and what it tells of the server's version and limits."""

from collections.abc import Mapping
from dataclasses import dataclass

from snowpit.model.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlaneHints:
    """What requests tell of the server.

    Args:
        server_version: From the loopback client's user agent, else null.
        client_versions: Kubelet versions with the number of nodes, newest first.
        nodes: Distinct nodes that asked.
        servers: API servers that wrote the evidence.
        users: Distinct users.
        serviceaccounts: Distinct ServiceAccounts that asked.
    """

    server_version: str | None
    client_versions: tuple[tuple[str, int], ...]
    nodes: int
    servers: int
    users: int
    serviceaccounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """What the audit policy lets through, and what that forbids to conclude.

    Args:
        window: First arrival to last end in the evidence.
        gaps: Stretches of more than 60 s without any event (at most 10).
        levels: Requests by level.
        stages: Events by stage as the coverage counted them.
        has_received: RequestReceived is logged, so open requests are visible.
        has_read: Verbs get, list or watch occur.
        has_write: Mutating verbs occur.
        has_reviews: TokenReviews or SubjectAccessReviews occur.
        has_review_bodies: At least one review shows its subject.
        has_nodes: Kubelets occur as users.
        has_loopback: system:apiserver occurs as user.
        has_failures: Any answer of 400 or more occurs.
        has_annotations: Latency annotations occur.
        authentication_timed: The audit clock includes authentication (from 1.20); null if the version is unknown.
        blind: Sentences: what cannot be seen and which conclusions that forbids.
    """

    window: Window
    gaps: tuple[Window, ...]
    levels: Mapping[str, int]
    stages: Mapping[str, int]
    has_received: bool
    has_read: bool
    has_write: bool
    has_reviews: bool
    has_review_bodies: bool
    has_nodes: bool
    has_loopback: bool
    has_failures: bool
    has_annotations: bool
    authentication_timed: bool | None
    blind: tuple[str, ...]
