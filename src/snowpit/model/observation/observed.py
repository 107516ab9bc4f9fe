"""All observations of one window together: what detectors are given."""

from collections.abc import Mapping
from dataclasses import dataclass

from snowpit.model.observation.clients import Client, ClientKind, Evenness, FailedLogins, Loopback, Reviews
from snowpit.model.observation.clocks import ClockOffset
from snowpit.model.observation.configuration import Configuration
from snowpit.model.observation.logs import Logs
from snowpit.model.observation.metrics import Metrics
from snowpit.model.observation.patterns import (
    ChangePoint,
    Drain,
    Lists,
    Mode,
    Relists,
    Retries,
    Stall,
    Synchrony,
)
from snowpit.model.observation.scope import ControlPlaneHints, PolicyView
from snowpit.model.observation.seats import OpenRequests, Seats
from snowpit.model.observation.traffic import Timeline, Traffic
from snowpit.model.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Every observation, by name.

    Args:
        window: What was looked at.
        traffic: Arrivals, ends, sojourn times per class.
        timeline: Counts per second.
        seats: Who held seats.
        open_requests: Received, never ended.
        modes: Latency modes, by attempts.
        drains: Completions at a fixed rate, by class.
        waves: Arrivals in waves.
        change: Where the trouble starts.
        clients: Largest values per dimension (user, user_agent, source, node, namespace).
        evenness: Evenness of all attempts over ``node``, ``source`` and ``user``.
        kinds: Kinds of client.
        reviews: TokenReviews and SubjectAccessReviews by kind of creator.
        logins: Failed logins.
        loopback: Look-ups of the server at itself.
        lists: LISTs by served range.
        relists: The largest herd of LISTs and watches.
        retries: Repeated attempts.
        stalls: Stalls of the whole server.
        webhooks: Request class in words -> (attempts with webhook time, median s, max s).
        policy: What the audit policy hides.
        hints: Versions and sizes that the requests tell.
        configuration: Flags, policies and objects that configure the control plane; null if no evidence holds any.
        metrics: What metrics tell; null without any.
        logs: What component logs tell; null without any line that means something.
        clocks: How far clocks of sources are apart.
    """

    window: Window
    traffic: Traffic
    timeline: Timeline
    seats: Seats
    open_requests: OpenRequests
    modes: tuple[Mode, ...]
    drains: tuple[Drain, ...]
    waves: tuple[Synchrony, ...]
    change: ChangePoint
    clients: tuple[Client, ...]
    evenness: Mapping[str, Evenness]
    kinds: tuple[ClientKind, ...]
    reviews: tuple[Reviews, ...]
    logins: FailedLogins
    loopback: Loopback
    lists: Lists
    relists: Relists
    retries: Retries
    stalls: tuple[Stall, ...]
    webhooks: Mapping[str, tuple[int, float, float]]
    policy: PolicyView
    hints: ControlPlaneHints
    configuration: Configuration | None = None
    metrics: Metrics | None = None
    logs: Logs | None = None
    clocks: tuple[ClockOffset, ...] = ()

    def review(self, resource: str, creator_kind: str) -> Reviews | None:
        """The reviews of that resource by that kind of creator; null if none were asked for."""
        for item in self.reviews:
            if (item.resource, item.creator_kind) == (resource, creator_kind):
                return item
        return None
