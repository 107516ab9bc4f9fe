"""Who held the in-flight seats, rebuilt from the intervals of requests (Little's identity)."""

from dataclasses import dataclass

from snowpit.model.observation.traffic import RequestClass
from snowpit.model.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One holder of seats: a class of request of one kind of client.

    Args:
        key: The request class.
        client: User name, or ``system:node:*`` for all kubelets together.
        clients: How many distinct users that stands for.
        held_s: Seat time.
        share: Of the seat time of this kind (mutating or read-only).
        attempts: Attempts behind it.
    """

    key: RequestClass
    client: str
    clients: int
    held_s: float
    share: float
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatKind:
    """Seats of one kind: mutating or read-only.

    Exempt requests (system:masters, long-running) and refused ones (429, 401) hold none.

    Args:
        kind: ``mutating`` or ``readonly``.
        held_s: Seat time in the window.
        mean: Mean seats held over active seconds.
        peak: Most seats held at one instant (exact over the busiest stretch).
        peak_at: That instant, µs since the epoch; null if no request held a seat.
        plateau: Height of the flat top in seats; null if there is none.
        plateau_share: Share of the busy seconds (mean above half the peak) spent within 2 % of it.
        plateau_s: Seconds spent on it.
        plateau_window: First to last second on it.
        rejected: Attempts of this kind answered 429.
        rejected_on_plateau: Share of those 429s that arrived while held seats were within 5 % of the plateau or peak.
        holders: By seat time; at most 30.
    """

    kind: str
    held_s: float
    mean: float
    peak: int
    peak_at: int | None
    plateau: int | None
    plateau_share: float
    plateau_s: int
    plateau_window: Window | None
    rejected: int
    rejected_on_plateau: float
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Seats of both kinds, per API server where more than one wrote (``server`` names the busiest)."""

    mutating: SeatKind
    readonly: SeatKind
    server: str
    servers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequests:
    """Requests received and never seen to end.

    Args:
        visible: False if the policy omits RequestReceived, so that open requests cannot be seen.
        count: Open at the end of the window, long-running ones left out.
        watches: Watches in progress at the end of the window.
        peak: Most open at one second.
        peak_at: That second, µs since the epoch.
        by_class: Largest classes with their counts, at most 10.
        oldest_s: Age of the oldest one at the end of the window.
    """

    visible: bool
    count: int
    watches: int
    peak: int
    peak_at: int | None
    by_class: tuple[tuple[RequestClass, int], ...]
    oldest_s: float | None
