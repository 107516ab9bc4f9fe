"""What one API server of a lab is started with; plain enough to be handed to a process of its own."""

from dataclasses import dataclass, field
from pathlib import Path

from snowpit.cluster.control_plane import ControlPlane
from snowpit.cluster.scenario import PriorityLevel, Switches
from snowpit.cluster.workload import Delay, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditWebhook:
    """Flags of an audit webhook; Kubernetes' defaults (pkg/server/options/audit.go 1.12.0 to 1.28.0).

    Args:
        address: Where its collector listens.
        path: Path at which it takes batches.
        mode: ``batch`` or ``blocking``.
        buffer: Events that wait for a batch; more are lost.
        size: Most events of a batch.
        wait_s: Longest time between two batches, s.
        qps: Batches a second.
        burst: Batches at once.
        backoff_s: Delay before the first retry, s.
    """

    address: str
    path: str = "/audit"
    mode: str = "batch"
    buffer: int = 10_000
    size: int = 400
    wait_s: float = 30.0
    qps: float = 10.0
    burst: float = 15.0
    backoff_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditing:
    """How the API servers of a lab are audited.

    Args:
        policy: Policy file; null takes the lab's own.
        webhook: What gets the events besides the log; null for nobody.
    """

    policy: Path | None = None
    webhook: AuditWebhook | None = None


PLAIN = Auditing()
"""The lab's own policy, and no webhook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSetup:
    """One API server.

    Args:
        name: ``apiserver-0``.
        address: Where it listens: ``127.0.0.1:6443``.
        plane: Its parameters, version included.
        levels: Priority levels; empty where the in-flight gate rules.
        switches: What-if switches that the lab can honour.
        pki: Folder of certificates, keys and token files (see ``authority``).
        store: SQLite file shared by all servers; ``:memory:`` for virtual time.
        evidence: Folder for audit log, log and configuration; null writes none.
        audit_policy: Audit policy file; null takes the lab's own.
        audit_webhook: What gets batches of audit events; null for none.
        verbosity: ``-v`` of its log.
        services: What handlers of the scenario's operations take apart from look-ups; the first that fits counts.
        review_service: The same for TokenReviews.
        access_service: The same for SubjectAccessReviews.
        seed: Seed of all its chance.
        epoch: Instant at which the lab began, µs since the epoch.
        controls: Whether it takes control requests (``/lab/...``) from the lab's own certificate.
    """

    name: str
    address: str
    plane: ControlPlane
    levels: tuple[PriorityLevel, ...] = ()
    switches: Switches = field(default_factory=Switches)
    pki: Path
    store: str = ":memory:"
    evidence: Path | None = None
    audit_policy: Path | None = None
    audit_webhook: AuditWebhook | None = None
    verbosity: int = 4
    services: tuple[Operation, ...] = ()
    review_service: Delay = field(default_factory=Delay)
    access_service: Delay = field(default_factory=Delay)
    seed: int = 1
    epoch: int = 1_577_836_800_000_000
    controls: bool = True
