"""What one API server of a lab is started with; plain enough to be handed to a process of its own."""

from dataclasses import dataclass, field
from pathlib import Path

from snowpit.cluster.control_plane import ControlPlane
from snowpit.cluster.scenario import PriorityLevel, Switches
from snowpit.cluster.workload import Delay, Operation


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
        audit_webhook: URL that gets batches of audit events; empty for none.
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
    audit_webhook: str = ""
    verbosity: int = 4
    services: tuple[Operation, ...] = ()
    review_service: Delay = field(default_factory=Delay)
    access_service: Delay = field(default_factory=Delay)
    seed: int = 1
    epoch: int = 1_577_836_800_000_000
    controls: bool = True
