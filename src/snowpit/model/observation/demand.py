"""What a scenario can be read from: who asks for what while all is well, and what the limiter shows once it is not.

An observation for calibration alone: detectors do not see it.
"""

from dataclasses import dataclass
from typing import NamedTuple

from snowpit.model.window import Window


class Spread(NamedTuple):
    """Durations of one kind: quartiles, seconds, and how many were measured."""

    low: float
    median: float
    high: float
    measured: int


class Stretches(NamedTuple):
    """Parts of the evidence.

    Args:
        calm: The longest stretch in which nothing fails for want of capacity.
        onset: First instant of the last failing stretch, µs since the epoch; null if nothing fails.
        failing: From there to its end; null if nothing fails.
        fails_now: Whether the evidence ends within it.
    """

    calm: Window
    onset: int | None
    failing: Window | None
    fails_now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Requests of one class by one kind of client, in the stretch that is measured.

    Args:
        kind: ``client_kind`` of the request table.
        verb: As in the request table.
        group: API group.
        resource: Resource; empty for a path.
        subresource: Subresource; empty if none.
        namespace: Most frequent namespace; empty if none.
        user: Most frequent user.
        groups: Its groups.
        user_agent: Most frequent user agent.
        attempts: Attempts.
        users: Distinct users.
        callers: Distinct (user, address, user agent).
        sources: Distinct addresses.
        sojourn: Sojourn times of successes; null if none is timed.
    """

    kind: str
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    user: str
    groups: str
    user_agent: str
    attempts: int
    users: int
    callers: int
    sources: int
    sojourn: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Reviews that kubelets ask for, in the stretch that is measured.

    Args:
        nodes: Kubelets that asked.
        reviews: TokenReviews.
        gap: Time between two reviews of one kubelet, seconds; null if none asked twice.
        period_s: Time between rounds; null if reviews do not come in rounds.
        concentration: Mean resultant length of the arrivals modulo that period, 0 to 1.
        within_s: Stretch of a round in which 95 % of the reviews arrive.
        first_at: First round, seconds from the start of the calm stretch.
        review: Sojourn times of successful TokenReviews; null if none.
        access: Of successful SubjectAccessReviews.
        subject: Most reviewed identity; empty if bodies are not logged.
    """

    nodes: int
    reviews: int
    gap: Spread | None
    period_s: float | None
    concentration: float
    within_s: float
    first_at: float
    review: Spread | None
    access: Spread | None
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limiter:
    """The loopback client of the API servers, from its own requests and from the waits in their logs.

    Args:
        seen: Its requests in the audit log.
        secrets: Distinct Secrets asked for while calm; 0 if not seen.
        names: Up to 20 of them, ``namespace/name``, most asked first.
        read: Sojourn times of its requests while calm; null if not seen.
        rate: Look-ups per second while it fails, all servers; null if it did not work at a steady rate then.
        rate_low: 10th percentile over sixths of a minute.
        rate_high: 90th percentile.
        grant: Time between two look-ups that a busy limiter lets pass, by waits in logs; null without 20 of them.
        waits: Waits in logs: number of lines.
        wait_s: Median wait of the look-ups that ended in the last 15 s of the log, seconds; 0 if none did, null if no log
            tells of waits.
        slope: How much longer a look-up waits, per second that it is reserved later; null if it cannot be told.
        reserved_before_s: How long before the end of the evidence the last of these was reserved, seconds.
        returns_s: Time after which the same tokens ask again, seconds: patience and back-off; null if none stands out.
        returning: Clients that ask again after it; null if it cannot be told.
    """

    seen: int
    secrets: int
    names: tuple[str, ...]
    read: Spread | None
    rate: float | None
    rate_low: float
    rate_high: float
    grant: Spread | None
    waits: int
    wait_s: float | None
    slope: float | None
    reserved_before_s: float
    returns_s: float | None
    returning: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """ServiceAccounts that first ask around the onset of the trouble.

    Args:
        tokens: Distinct ones.
        asks: Median asks of one of them in all.
        within_s: Time in which 90 % of them come.
        first_at: When the first comes, µs since the epoch.
        namespace: Most frequent namespace.
        subject: One of their users.
        verb: What most of them ask for.
        group: Its group.
        resource: Its resource; empty if no request got through.
        reference: What tells of them.
    """

    tokens: int
    asks: float
    within_s: float
    first_at: int
    namespace: str
    subject: str
    verb: str
    group: str
    resource: str
    reference: str


class Signs(NamedTuple):
    """How the failing stretch looks from outside, a minute after its onset; what a fitted scenario has to show, too.

    Args:
        seconds: Length of what was looked at.
        refused_per_s: Answers 429 per second.
        accounts_per_s: Successes of ServiceAccounts per second.
        reviews_per_s: Successful TokenReviews of kubelets per second.
    """

    seconds: float
    refused_per_s: float
    accounts_per_s: float
    reviews_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """All of it.

    Args:
        window: The evidence.
        stretches: Its parts.
        base: The stretch in which demand is measured: the calm one, or where there is none the failing one, or all.
        servers: API servers that wrote it; at least one.
        nodes: Distinct nodes in the whole evidence.
        asking: Classes of requests in the stretch that is measured, most attempts first.
        tokens: Requests of each ServiceAccount in the stretch that is measured, most first.
        callers: Distinct (user, address, user agent) among them.
        sources: Distinct addresses among them.
        gap_cv: Median over callers with ServiceAccounts of the coefficient of variation of the time between their
            requests; null if no caller asked ten times.
        rounds: Reviews by kubelets; null if none was seen.
        limiter: The loopback client.
        newcomers: Who comes at the onset; null if nobody or nothing fails.
        rejected_per_s: 429 per second in the last minute.
        signs: How the failing stretch looks; null if nothing fails for two minutes.
    """

    window: Window
    stretches: Stretches
    base: Window
    servers: int
    nodes: int
    asking: tuple[Asking, ...]
    tokens: tuple[int, ...]
    callers: int
    sources: int
    gap_cv: float | None
    rounds: Rounds | None
    limiter: Limiter
    newcomers: Newcomers | None
    rejected_per_s: float
    signs: Signs | None = None
