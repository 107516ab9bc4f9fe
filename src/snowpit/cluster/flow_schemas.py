"""Priority levels of a version as shipped, and which of them a request belongs to.

Schemas are tried in order of precedence; the first that fits names the level. Suggested
objects as they stand in kubernetes/apiserver pkg/apis/flowcontrol/bootstrap/default.go
1.18 to 1.36. Left out: schema ``probes`` (no resource requests are simulated).
"""

from typing import NamedTuple

from snowpit.cluster.control_plane import ControlPlane
from snowpit.cluster.scenario import PriorityLevel
from snowpit.knowledge.version import Version

EXEMPT = "exempt"
CATCH_ALL = "catch-all"

CONTROLLER_MANAGER = "system:kube-controller-manager"
SCHEDULER = "system:kube-scheduler"
KUBE_SYSTEM = "system:serviceaccounts:kube-system"
_LOCKS = ("leases", "endpoints", "configmaps")
_LOCK_VERBS = ("get", "create", "update")
_SHAPES = (
    # name, queues, hand, lendable percent from 1.26
    ("system", 64, 6, 33),
    ("node-high", 64, 6, 25),
    ("leader-election", 16, 4, 0),
    ("workload-high", 128, 6, 50),
    ("workload-low", 128, 6, 90),
    ("global-default", 128, 6, 50),
    (CATCH_ALL, 0, 0, 0),
)
_SHARES = (
    # first version, shares in the order of the shapes; negative: the level does not exist
    ("1.22.0", (30, 40, 10, 40, 100, 20, 5)),
    ("1.20.0", (30, -1, 10, 40, 100, 20, 5)),
    ("", (30, -1, 10, 40, 20, 100, 1)),
)


class Asker(NamedTuple):
    """What a schema looks at.

    Args:
        user: User name.
        groups: Groups.
        resource: Resource.
        verb: Verb.
    """

    user: str
    groups: frozenset[str]
    resource: str
    verb: str


def levels(plane: ControlPlane) -> tuple[PriorityLevel, ...]:
    """The priority levels of the control plane's version; empty where the in-flight gate rules.

    Returns:
        The exempt level first, then the others. Their seats follow from shares and the two in-flight limits:
        ``priority_levels.nominal_seats``.
    """
    if not plane.flag("priority_and_fairness"):
        return ()
    version = plane.version or Version(1, 999)
    shares = next(found for since, found in _SHARES if not since or version.at_least(since))
    lends = bool(plane.flag("borrowing"))
    shipped = (
        PriorityLevel(
            name=name, shares=part, queues=queues, hand_size=hand, lendable_percent=percent if lends else 0
        )
        for (name, queues, hand, percent), part in zip(_SHAPES, shares, strict=True)
        if part >= 0
    )
    return (PriorityLevel(name=EXEMPT, shares=-1, queues=0, hand_size=0), *shipped)


class Place(NamedTuple):
    """Where a request belongs.

    Args:
        level: Priority level; empty where the in-flight gate rules.
        schema: Flow schema that named it.
    """

    level: str
    schema: str


def level_of(plane: ControlPlane, *, user: str, groups: str, resource: str, verb: str) -> str:
    """The priority level of a request; see ``place_of``."""
    return place_of(plane, user=user, groups=groups, resource=resource, verb=verb).level


def place_of(plane: ControlPlane, *, user: str, groups: str, resource: str, verb: str) -> Place:
    """Priority level and flow schema of a request by the version; both empty where the in-flight gate rules.

    Args:
        plane: The control plane.
        user: User name.
        groups: Groups, comma separated.
        resource: Resource, without its subresource.
        verb: Verb as in the audit log.
    """
    if not plane.flag("priority_and_fairness"):
        return Place("", "")
    asker = Asker(user, frozenset(item.strip() for item in groups.split(",")), resource, verb)
    version = plane.version or Version(1, 999)
    return _of_system(asker, version) or _of_workload(asker)


def _of_system(asker: Asker, version: Version) -> Place | None:
    """Schemas of precedence 1 to 500; null if none of them fits."""
    if "system:masters" in asker.groups:
        return Place(EXEMPT, EXEMPT)
    if asker.verb in _LOCK_VERBS and asker.resource in _LOCKS:
        if asker.user in (CONTROLLER_MANAGER, SCHEDULER):
            return Place("leader-election", "system-leader-election")
        if KUBE_SYSTEM in asker.groups:
            return Place("leader-election", "workload-leader-election")
    if "system:nodes" not in asker.groups:
        return None
    if version.at_least("1.22.0") and asker.resource in ("nodes", "leases"):
        return Place("node-high", "system-node-high")
    return Place("system", "system-nodes")


def _of_workload(asker: Asker) -> Place:
    """Schemas of precedence 800 to 10000."""
    if asker.user in (CONTROLLER_MANAGER, SCHEDULER):
        return Place("workload-high", asker.user.removeprefix("system:"))
    if KUBE_SYSTEM in asker.groups:
        return Place("workload-high", "kube-system-service-accounts")
    if "system:serviceaccounts" in asker.groups:
        return Place("workload-low", "service-accounts")
    if asker.groups & {"system:authenticated", "system:unauthenticated"}:
        return Place("global-default", "global-default")
    return Place(CATCH_ALL, CATCH_ALL)
