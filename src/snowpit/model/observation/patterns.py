"""Shapes in time: latency modes, drains at a limiter's rate, waves, retries, herds, stalls, the change point."""

from dataclasses import dataclass

from snowpit.model.evidence import Pointer
from snowpit.model.observation.traffic import RequestClass
from snowpit.model.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A plateau of sojourn times: many requests that took the same, long time.

    Args:
        key: Request class.
        at_s: Centre of the mode.
        attempts: Attempts within 2 % (and at least ± 0.25 s) of it.
        share: Of the admitted attempts of that class.
        code: Most frequent code there.
        meaning: What ends requests after that time, e.g. ``create handler limit of 1.12 to 1.16``; empty if unknown.
    """

    key: RequestClass
    at_s: float
    attempts: int
    share: float
    code: int | None
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Completions of a class that leave at a fixed rate, as behind a token bucket.

    Args:
        key: Request class (slow, successful attempts only: over 1 s).
        completions: Completions looked at.
        rate: Completions per second while any completes: the modal full second.
        rate_low: 10th percentile over those seconds.
        rate_high: 90th percentile.
        busy_s: Seconds in which any completed.
        regular: Share of busy seconds within 10 % of the rate.
        pulses: Number of runs of busy seconds separated by at least 1 s of silence while requests were waiting.
        period_s: Median distance of pulse starts; null if fewer than two.
        silence_s: Longest silence while at least ten requests of the class waited.
    """

    key: RequestClass
    completions: int
    rate: float
    rate_low: float
    rate_high: float
    busy_s: int
    regular: float
    pulses: int
    period_s: float | None
    silence_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchrony:
    """Arrivals of a class in waves.

    Args:
        key: Request class.
        period_s: Period with the highest autocorrelation.
        strength: That autocorrelation, 0 to 1.
        peak_to_mean: Largest second against the mean.
    """

    key: RequestClass
    period_s: float
    strength: float
    peak_to_mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """Where the trouble starts.

    Args:
        at: µs since the epoch; null if nothing changes.
        what: The series that changed most (held seats, rejected, timed out, arrivals).
        before: Its mean per second before.
        after: Its mean per second after.
        first_class: Request class that grew most across the change, in words.
    """

    at: int | None
    what: str
    before: float
    after: float
    first_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryChain:
    """One client that asked the same thing again and again after failures."""

    client: str
    key: RequestClass
    attempts: int
    gap_s: float
    pointer: Pointer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Repeated attempts after refusals and failures.

    An attempt counts as a retry if the same client (user, agent, source) made the same request (verb, resource,
    namespace, name) before, that attempt failed (429, 504, 5xx, aborted), and the gap is at most 90 s.

    Args:
        attempts: Attempts in classes that failed at all.
        retries: Of them, retries.
        requests: Distinct wishes behind them: attempts less retries.
        amplification: attempts / requests.
        after_rejection: Retries that follow a 429.
        gap_p50_s: Median gap between the end of the failure and the retry.
        growing: Share of chains of three or more whose gaps grow (back-off).
        by_class: Largest classes: (class, attempts, retries), at most 5.
        longest: Longest chains, at most 3.
    """

    attempts: int
    retries: int
    requests: int
    amplification: float
    after_rejection: int
    gap_p50_s: float | None
    growing: float
    by_class: tuple[tuple[RequestClass, int, int], ...]
    longest: tuple[RetryChain, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSource:
    """LISTs of one resource by one user agent and user."""

    user: str
    user_agent: str
    resource: str
    attempts: int
    from_storage: int
    held_s: float
    p50_s: float | None
    max_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """LIST requests, by where the answer comes from.

    Args:
        attempts: LISTs.
        held_share: Of read-only seat time.
        from_storage: Neither ``resourceVersion`` nor served from cache (before consistent reads from cache).
        paged: With ``limit`` or ``continue``.
        from_cache: ``resourceVersion`` given (0 or more).
        unknown: The evidence shows no query part.
        rate: Per second over the window.
        p50_s: Median sojourn time.
        p99_s: 99th percentile.
        top: Heaviest sources by seat time, at most 10.
    """

    attempts: int
    held_share: float
    from_storage: int
    paged: int
    from_cache: int
    unknown: int
    rate: float
    p50_s: float | None
    p99_s: float | None
    top: tuple[ListSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relists:
    """LISTs and watch starts that come together, as after a restart.

    Args:
        lists: LISTs in the busiest 30 s.
        watches: Watch starts in the busiest 30 s.
        at: Start of those 30 s, µs since the epoch; null if none.
        clients: Distinct clients in it.
        typical: Median LISTs + watch starts per 30 s over the rest of the window.
        gap_before_s: Longest silence of the whole server in the two minutes before.
        watches_ended: Watches that ended in the minute before.
        gone: Answers 410 in those 30 s and the minute after.
        share: Of all arrivals in those 30 s.
        decays: True if the rate falls to less than a quarter within five minutes.
    """

    lists: int
    watches: int
    at: int | None
    clients: int
    typical: float
    gap_before_s: float
    watches_ended: int
    gone: int
    share: float
    decays: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A stretch in which requests of nearly every class were slow at once and then ended in a burst.

    Args:
        window: The stretch.
        classes: Classes with at least five attempts in it.
        slow_classes: Of them, those whose median there is at least 5 times their usual one and over 0.5 s.
        waiting: Most requests waiting at its end.
        burst: Completions in the first second after it.
        usual: Median completions per second elsewhere.
    """

    window: Window
    classes: int
    slow_classes: int
    waiting: int
    burst: int
    usual: float
