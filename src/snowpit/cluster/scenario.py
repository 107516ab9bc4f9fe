"""A scenario: the control plane, its load, what happens to it and when, and how it is simulated."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from snowpit.cluster.control_plane import ControlPlane
from snowpit.cluster.workload import Clients, Kubelets, Scraper
from snowpit.knowledge.facts import Value

CONTROL_PLANE = "control-plane"
"""``Scenario.model`` of everything but the published models."""

ACTIONS = (
    "burst",
    "backlog",
    "restart",
    "lose",
    "return",
    "slow_etcd",
    "set",
    "upgrade",
    "stop",
    "start",
    "shed",
)
"""What an event may do.

burst: ``requests`` calls of population ``clients`` within ``spread_s`` (to ``server``, or to all in turn; the
    calls come from the population's clients in turn, over and above what they do anyway).
backlog: ``lookups`` loopback reads that nobody waits for are queued at the limiter of ``server`` (or of each).
restart: ``server`` (or all, when left out) forgets bucket, cache, seats, queues and requests; it is down for
    ``down_s``; then every client with ``reconnects`` calls within ``spread_s``.
lose, return: ``server`` goes for good (its clients move to the others and reconnect within ``spread_s``), comes back.
slow_etcd: reads and writes of etcd take ``factor`` times as long for ``for_s``.
set: ``key`` = ``value``, any key that ``--set`` takes.
upgrade: the API servers take ``version`` (a restart with ``down_s`` and ``spread_s``; kubelets keep theirs).
stop, start: population or scraper ``clients`` stops, starts calling.
shed: ``share`` of the attempts of population ``clients`` is refused with 429 before authentication (0 ends it).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens to the cluster.

    Args:
        at_s: When, s since the start.
        action: One of ``ACTIONS``.
        title: A few words for reports.
        settings: Values by name, as ``ACTIONS`` describes them, units already converted to s.
        trigger: Whether it is a trigger (the clock of recovery starts at the last one) and not an intervention.
    """

    at_s: float
    action: str
    title: str = ""
    settings: Mapping[str, Value] = field(default_factory=dict)
    trigger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What-if switches and simplifications; every default is what Kubernetes really does.

    Args:
        dead_work_fills_cache: A look-up whose asker has gone still fills the token cache when it succeeds.
        cancel_abandoned: An abandoned look-up leaves the limiter's line and gives its reservation back.
        limiter_order: Order of service at the loopback limiter: ``fifo``, ``lifo`` or ``codel``.
        refuse_hopeless: A look-up whose wait exceeds the asker's time limit fails at once and takes no token.
        heartbeats_exact: Simulate idle heartbeats one by one; false counts them without events while the
            gate is far from full.
    """

    dead_work_fills_cache: bool = True
    cancel_abandoned: bool = False
    limiter_order: str = "fifo"
    refuse_hopeless: bool = False
    heartbeats_exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityLevel:
    """One priority level as configured.

    Args:
        name: Name.
        shares: Concurrency shares; negative: exempt.
        queues: Number of queues; 0 rejects what finds no seat.
        queue_length: Most requests waiting in one queue.
        hand_size: Queues dealt to a flow.
        lendable_percent: Part of its seats that it lends (from 1.26).
        borrow_percent: Most that it borrows, in percent of its seats; negative: no bound.
    """

    name: str
    shares: int
    queues: int = 64
    queue_length: int = 50
    hand_size: int = 6
    lendable_percent: int = 0
    borrow_percent: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything that a simulation needs but a seed.

    Args:
        name: Name.
        title: One line.
        summary: What it shows and where its numbers come from.
        plane: Parameters of the API servers, each with its source.
        servers: Number of API servers.
        clients: Populations, heartbeats included.
        kubelets: The kubelets.
        scrapers: Who scrapes them.
        events: In order of time.
        levels: Priority levels; empty where the in-flight gate rules.
        switches: What-if switches.
        horizon_s: Length of the run.
        bin_s: Width of one bin of the series.
        model: ``CONTROL_PLANE``, or the name of a published model.
        parameters: Parameters of a published model.
    """

    name: str
    title: str = ""
    summary: str = ""
    plane: ControlPlane
    servers: int = 1
    clients: tuple[Clients, ...] = ()
    kubelets: Kubelets = field(default_factory=Kubelets)
    scrapers: tuple[Scraper, ...] = ()
    events: tuple[Event, ...] = ()
    levels: tuple[PriorityLevel, ...] = ()
    switches: Switches = Switches()
    horizon_s: float = 3600.0
    bin_s: float = 10.0
    model: str = CONTROL_PLANE
    parameters: Mapping[str, Value] = field(default_factory=dict)
