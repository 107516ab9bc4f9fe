"""What was measured: one frozen record per observation, units in the names.

An observation states, it does not accuse. Durations are float seconds, instants
integer microseconds since the epoch, rates per second, shares from 0 to 1.
"""

from snowpit.model.observation.clients import (
    Client,
    ClientKind,
    Evenness,
    FailedLogins,
    Loopback,
    Reviews,
    Subject,
)
from snowpit.model.observation.clocks import ClockOffset
from snowpit.model.observation.configuration import (
    AuditPolicy,
    Configuration,
    FlowSchema,
    KubeletSettings,
    LevelState,
    Nodes,
    PolicyRule,
    PriorityLevel,
    Process,
    Release,
    Scraper,
    Setting,
    Webhook,
)
from snowpit.model.observation.logs import Lifetime, LimitedClient, LineGroup, Logs
from snowpit.model.observation.metrics import Counter, Distribution, Gauge, Instance, LevelUse, Metrics
from snowpit.model.observation.observed import Observed
from snowpit.model.observation.patterns import (
    ChangePoint,
    Drain,
    Lists,
    ListSource,
    Mode,
    Relists,
    Retries,
    RetryChain,
    Stall,
    Synchrony,
)
from snowpit.model.observation.scope import ControlPlaneHints, PolicyView
from snowpit.model.observation.seats import Holder, OpenRequests, SeatKind, Seats
from snowpit.model.observation.traffic import ClassTraffic, RequestClass, Timeline, Traffic

__all__ = [
    "AuditPolicy",
    "ChangePoint",
    "ClassTraffic",
    "Client",
    "ClientKind",
    "ClockOffset",
    "Configuration",
    "ControlPlaneHints",
    "Counter",
    "Distribution",
    "Drain",
    "Evenness",
    "FailedLogins",
    "FlowSchema",
    "Gauge",
    "Holder",
    "Instance",
    "KubeletSettings",
    "LevelState",
    "LevelUse",
    "Lifetime",
    "LimitedClient",
    "LineGroup",
    "ListSource",
    "Lists",
    "Logs",
    "Loopback",
    "Metrics",
    "Mode",
    "Nodes",
    "Observed",
    "OpenRequests",
    "PolicyRule",
    "PolicyView",
    "PriorityLevel",
    "Process",
    "Release",
    "Relists",
    "RequestClass",
    "Retries",
    "RetryChain",
    "Reviews",
    "Scraper",
    "SeatKind",
    "Seats",
    "Setting",
    "Stall",
    "Subject",
    "Synchrony",
    "Timeline",
    "Traffic",
    "Webhook",
]
