"""Who asks: clients, kinds of client, reviewers and the reviewed, failed logins, the loopback client."""

from collections.abc import Mapping
from dataclasses import dataclass

from snowpit.model.evidence import Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One value of one dimension (user, user_agent, source, node or namespace).

    Args:
        dimension: Which column.
        value: Its value.
        attempts: Attempts.
        share: Of all attempts.
        held_s: Seat time.
        held_share: Of all seat time.
        errors: Attempts that ended in 4xx (but 429), 5xx or a time-out.
        rejected: Attempts answered 429.
        peak_rate: Largest number of arrivals in one second.
        top_class: Its most frequent request class, in words.
        sole_user: Whether all its attempts carry one user name; an address or program with several stands for several clients.
    """

    dimension: str
    value: str
    attempts: int
    share: float
    held_s: float
    held_share: float
    errors: int
    rejected: int
    peak_rate: int
    top_class: str
    sole_user: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Evenness:
    """How evenly a load is spread over its sources.

    Args:
        sources: Distinct sources.
        top: Name of the largest.
        top_share: Its share of attempts.
        gini: 0 = all equal, towards 1 = one has all.
        median: Attempts of the median source.
    """

    sources: int
    top: str
    top_share: float
    gini: float
    median: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKind:
    """Attempts of one kind of client (``client_kind``): how it fares.

    Args:
        kind: node, serviceaccount, master, loopback, anonymous or other.
        attempts: Attempts.
        users: Distinct user names.
        outcomes: By outcome.
        p50_s: Median sojourn time of finished, not long-running attempts.
        p99_s: 99th percentile.
        longest_silence_s: Longest time without any arrival of this kind between first and last arrival.
    """

    kind: str
    attempts: int
    users: int
    outcomes: Mapping[str, int]
    p50_s: float | None
    p99_s: float | None
    longest_silence_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One reviewed identity.

    Args:
        name: User name that was reviewed.
        attempts: Reviews of it.
        share: Of reviews whose subject is known.
        held_s: Seat time of those reviews.
        creators: Distinct users that asked.
    """

    name: str
    attempts: int
    share: float
    held_s: float
    creators: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """TokenReviews or SubjectAccessReviews, by kind of creator.

    Args:
        resource: ``tokenreviews`` or ``subjectaccessreviews`` (self- and local reviews included in the latter).
        creator_kind: ``node`` (kubelets) or ``other``.
        attempts: Reviews asked for.
        share: Of all attempts in the window.
        outcomes: By outcome.
        rate: Attempts per second over the window.
        peak_rate: Most arrivals in one second.
        timed_out_per_s: Reviews answered 504, per second, over the seconds that saw any review end.
        held_s: Seat time.
        held_share: Of all mutating seat time.
        p50_s: Median sojourn time of admitted reviews (429 left out).
        p90_s: 90th percentile.
        max_s: Longest.
        mean_s: Mean sojourn time of admitted reviews.
        creators: How evenly the reviews are spread over creators.
        sources: How evenly over source addresses.
        top_agents: Most frequent user agents with their attempts, at most 5.
        subjects: Reviewed identities, most reviewed first, at most 20.
        distinct_subjects: How many identities in all.
        subject_known: Reviews whose subject is known.
        invalid: Admitted reviews that were answered without a subject although the level shows bodies.
        samples: Places in the evidence.
    """

    resource: str
    creator_kind: str
    attempts: int
    share: float
    outcomes: Mapping[str, int]
    rate: float
    peak_rate: int
    timed_out_per_s: float
    held_s: float
    held_share: float
    p50_s: float | None
    p90_s: float | None
    max_s: float | None
    mean_s: float | None
    creators: Evenness
    sources: Evenness
    top_agents: tuple[tuple[str, int], ...]
    subjects: tuple[Subject, ...]
    distinct_subjects: int
    subject_known: int
    invalid: int
    samples: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedLogins:
    """Requests refused by authentication (401).

    Args:
        attempts: How many.
        share: Of all attempts.
        rate: Per second over the window.
        peak_rate: Most in one second.
        bearer: Of them, those that presented a bearer token as the message or reason says; null if not told.
        sources: How evenly over source addresses.
        top_sources: Largest source addresses, at most 5.
        top_agents: Largest user agents, at most 5.
        samples: Places in the evidence.
    """

    attempts: int
    share: float
    rate: float
    peak_rate: int
    bearer: int | None
    sources: Evenness
    top_sources: tuple[tuple[str, int], ...]
    top_agents: tuple[tuple[str, int], ...]
    samples: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loopback:
    """Look-ups that the server makes at itself to validate ServiceAccount tokens (GET by system:apiserver).

    Args:
        visible: False if the policy leaves them out.
        secrets: GETs of Secrets.
        serviceaccounts: GETs of ServiceAccounts.
        distinct_secrets: Distinct Secrets asked for.
        peak_rate: Most look-ups in one second.
        busy_rate: Median look-ups per second over the seconds with at least 20; 0 if there is none.
        busy_s: Seconds at 45 to 55 look-ups a second: the signature of the 50-a-second limiter.
        repeated: Look-ups beyond the first per distinct object: dead or duplicated work.
        after_timeout: Look-ups that arrived while no review was open any more (dead work), if open reviews are visible.
    """

    visible: bool
    secrets: int
    serviceaccounts: int
    distinct_secrets: int
    peak_rate: int
    busy_rate: float
    busy_s: int
    repeated: int
    after_timeout: int
