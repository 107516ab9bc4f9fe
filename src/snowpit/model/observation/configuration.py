"""How the control plane and its clients are configured, as far as the evidence says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from snowpit.model.evidence import Pointer


@dataclass(frozen=True, slots=True)
class Setting:
    """One value as written.

    Args:
        value: As written; ``***`` where it was secret.
        pointer: Where it stands; null if the evidence does not tell.
    """

    value: str
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One program with its flags; equal ones are counted together.

    Args:
        component: Well-known name such as ``kube-apiserver``, else the name of its binary or container.
        server: Node that it runs on, if one is told.
        object: Object or file section that it was read from.
        kind: Kind of object that it runs in; of an owned pod its owner's kind; empty for a command line.
        version: Its release; null if not told.
        flags: Its flags without dashes.
        service_account: Its ServiceAccount; empty if not told.
        knows_node: It is given the name of its node, so that it can ask for that node's objects alone.
        instances: Equal programs in the evidence.
        pointer: Its first line.
    """

    component: str
    server: str
    object: str
    kind: str
    version: str | None
    flags: Mapping[str, Setting]
    service_account: str = ""
    knows_node: bool = False
    instances: int = 1
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One rule of an audit policy; the first that matches a request decides.

    Args:
        level: ``None``, ``Metadata``, ``Request`` or ``RequestResponse``.
        users: Users it holds for; empty for all.
        groups: Groups of users it holds for; empty for all.
        verbs: Verbs it holds for; empty for all.
        resources: ``group/resource``, ``group/*`` for all of a group; empty for all.
        namespaces: Namespaces it holds for; empty for all.
        urls: Paths that are no resource.
        omit_stages: Stages that it leaves out.
        pointer: Its first line.
    """

    level: str
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    omit_stages: tuple[str, ...] = ()
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPolicy:
    """An audit policy.

    Args:
        object: Its name, if it has one.
        omit_stages: Stages that it leaves out of all rules.
        rules: Its rules in order.
        pointer: Its first line.
    """

    object: str
    omit_stages: tuple[str, ...]
    rules: tuple[PolicyRule, ...]
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityLevel:
    """A priority level of API Priority and Fairness.

    Args:
        name: Its name.
        type: ``Limited`` or ``Exempt``.
        shares: Nominal concurrency shares; null if not given.
        lendable_percent: Seats that others may borrow; null if not given.
        response: ``Queue`` or ``Reject``; empty if not given.
        queues: Number of queues; null if not given.
        queue_length: Requests that a queue holds; null if not given.
        hand_size: Queues dealt to a flow; null if not given.
        api: Its ``apiVersion``.
        pointer: Its first line.
    """

    name: str
    type: str
    shares: int | None
    lendable_percent: int | None
    response: str
    queues: int | None
    queue_length: int | None
    hand_size: int | None
    api: str
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSchema:
    """A flow schema: which requests go to which priority level.

    Args:
        name: Its name.
        level: Priority level that it names.
        precedence: Smaller ones are asked first; null if not given (1000).
        distinguisher: ``ByUser``, ``ByNamespace`` or empty.
        subjects: ``Group:system:nodes``, ``User:...``, ``ServiceAccount:namespace/name``.
        resources: ``group/resource`` with ``*`` for all.
        urls: Paths that are no resource.
        verbs: Verbs of all its rules.
        pointer: Its first line.
    """

    name: str
    level: str
    precedence: int | None
    distinguisher: str
    subjects: tuple[str, ...]
    resources: tuple[str, ...]
    urls: tuple[str, ...]
    verbs: tuple[str, ...]
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelState:
    """A priority level as a debug dump shows it.

    Args:
        name: The level.
        waiting: Requests in its queues; null if not told.
        executing: Requests being executed; null if not told.
        rejected: Requests rejected since the start; null if not told.
        timed_out: Requests that waited too long since the start; null if not told.
        flows: Requests by flow schema and flow in the dump of requests, largest first.
        pointer: Its line.
    """

    name: str
    waiting: int | None
    executing: int | None
    rejected: int | None
    timed_out: int | None
    flows: tuple[tuple[str, int], ...] = ()
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An admission webhook.

    Args:
        name: Its name.
        object: Configuration that it belongs to.
        mutating: It may change objects.
        timeout_s: Seconds that a request waits for it; null for the default.
        failure_policy: ``Fail`` or ``Ignore``; empty for the default.
        operations: ``CREATE``, ``UPDATE``, ... or ``*``.
        resources: ``group/resource`` with ``*`` for all.
        selects_namespaces: It looks only at some namespaces.
        selects_objects: It looks only at some objects.
        excluded: Namespaces that its selector leaves out by name.
        api: ``apiVersion`` of its configuration.
        pointer: Its first line.
    """

    name: str
    object: str
    mutating: bool
    timeout_s: int | None
    failure_policy: str
    operations: tuple[str, ...]
    resources: tuple[str, ...]
    selects_namespaces: bool
    selects_objects: bool
    excluded: tuple[str, ...]
    api: str
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeletSettings:
    """The configuration of a kubelet.

    Args:
        object: Object that it was read from, if it has a name.
        running: It was read from a running kubelet (``/configz``), so that defaults stand in it.
        values: By path of fields joined by dots.
        pointer: Its first line.
    """

    object: str
    running: bool
    values: Mapping[str, Setting]
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraper:
    """Who fetches metrics from kubelets, and as whom.

    Args:
        component: ``metrics-server``, ``prometheus`` or ``heapster``.
        object: Object or job that it was read from.
        version: Its release; null if not told.
        credential: ``ServiceAccount token``, ``client certificate``, ``static token`` or ``not told``.
        period_s: Time between two rounds; null if not told.
        pointer: What tells the credential, else its first line.
    """

    component: str
    object: str
    version: str | None
    credential: str
    period_s: float | None
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release that the configuration tells of a component.

    Args:
        component: Whose release.
        server: Which instance, if told.
        version: As written.
        pointer: Where it stands.
    """

    component: str
    server: str
    version: str
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """The nodes that were listed.

    Args:
        count: All of them.
        ready: Those that are Ready.
        versions: Nodes by release of their kubelet, at most 20 releases.
        pointer: The first one.
    """

    count: int
    ready: int
    versions: Mapping[str, int] = field(default_factory=dict)
    pointer: Pointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All that the evidence lays down or tells of the control plane's configuration.

    Args:
        processes: Programs with their flags; well-known ones first.
        policies: Audit policies.
        levels: Priority levels.
        schemas: Flow schemas.
        states: Priority levels as dumps show them.
        webhooks: Admission webhooks.
        kubelets: Configurations of kubelets.
        scrapers: Who scrapes kubelets.
        releases: Releases told.
        nodes: Nodes listed; null if none were.
        admission: Settings of admission plugins: path of fields -> value.
        controllers: Settings of controller managers and schedulers in files: path of fields -> value.
        omitted: Settings beyond what is looked at.
    """

    processes: tuple[Process, ...] = ()
    policies: tuple[AuditPolicy, ...] = ()
    levels: tuple[PriorityLevel, ...] = ()
    schemas: tuple[FlowSchema, ...] = ()
    states: tuple[LevelState, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    kubelets: tuple[KubeletSettings, ...] = ()
    scrapers: tuple[Scraper, ...] = ()
    releases: tuple[Release, ...] = ()
    nodes: Nodes | None = None
    admission: Mapping[str, Setting] = field(default_factory=dict)
    controllers: Mapping[str, Setting] = field(default_factory=dict)
    omitted: int = 0

    def of(self, component: str) -> tuple[Process, ...]:
        """The processes of one component."""
        return tuple(process for process in self.processes if process.component == component)
