"""Clients whose requests failed ask again at once, and their repeated tries are most of the load.

Claim:
    Repeated tries after refusals and time-outs multiply the load and keep the overload going.

Mechanism:
    A refused request (429) comes back after its Retry-After of 1 s, up to ten times, inside tries that are themselves repeated; a
    timed-out one after a short back-off. When most of the load is repeated tries, the load that tipped the server is no
    longer needed: the amplification (attempts for each wish) sustains what started without it.

Evidence for:
    Amplification; share of attempts that repeat a failed one; short gaps that do not grow.
    Without requests: answers 429 in metrics that outnumber what was let in, and retries that clients count themselves.

Evidence against:
    Few repeats; gaps that grow (back-off works); gaps of several seconds (the client's own period); refusals that end soon.

Easily mistaken for:
    A periodic client that asks the same anyway.

Cannot tell when:
    Refused requests are not in the log, or requests carry no names to tell wishes apart.

Remedy:
    Treat what made the first tries fail; back-off with jitter; a retry budget.

Sources:
    kubernetes/kubernetes#47899, #79805; projectcalico/node#1200; Bronson et al., HotOS 2021; Huang et al., OSDI 2022.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, grown, measured, places
from snowpit.diagnose.gate import answered
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed, percent, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed, Retries

PROFILE = Profile(
    id="retry_storm",
    title="Repeated tries are most of the load",
    role=Role.SUSTAINS,
    mistaken_for=("a periodic client that asks the same anyway",),
    sources=("kubernetes/kubernetes#47899", "kubernetes/kubernetes#79805", "projectcalico/node#1200"),
    explains=("inflight_limit",),
)

MIN_RETRIES = 100
MIN_AMPLIFICATION = 1.5
MIN_LET_IN = 20
"""Requests that were let in below which nothing can be said of tries for each."""


PERIOD_S = 5.0
"""A median gap from which it is the next turn of a timer (heartbeats: 10 s) or a back-off that works, no storm."""


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    by_metrics = _by_metrics(observed, plane)
    if by_metrics is not None:
        return by_metrics
    retries = observed.retries
    share = retries.retries / max(1, observed.traffic.attempts)
    scales = Scales()
    scales.misses(
        not observed.policy.has_failures,
        "refused and failed requests in the audit log (stage ResponseComplete of all codes)",
    )
    _weigh(scales, retries, share=share)
    worst = retries.by_class[0] if retries.by_class else None
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=retries.retries >= MIN_RETRIES
        and retries.amplification >= MIN_AMPLIFICATION
        and share >= 0.05,  # noqa: PLR2004
        harmful=trouble(observed).real,
        visible=True,
        claim=f"{count(retries.retries)} requests repeat one that failed, {retries.amplification:.1f} attempts for each wish"
        + (f"; most are {worst[0]}." if worst else "."),
        denial=f"{count(retries.retries)} requests repeat one that failed, {retries.amplification:.1f} attempts for each wish.",
        numbers={
            "retries": retries.retries,
            "amplification": round(retries.amplification, 2),
            "share_of_attempts": round(share, 4),
            "after_rejection": retries.after_rejection,
            "gap_p50_s": None if retries.gap_p50_s is None else round(retries.gap_p50_s, 3),
            "growing_gaps": round(retries.growing, 3),
        },
        impact=0.8 * min(1.0, 1.0 - 1.0 / max(1.0, retries.amplification)),
        would_change="Attempts that stay near one for each wish, or gaps that grow from try to try.",
    )


def _by_metrics(observed: Observed, plane: ControlPlane) -> Finding | None:
    """What metrics say where no requests are seen: refusals, which client-go repeats after the second that they tell."""
    total = measured(observed).grown("apiserver_request_total", APISERVER)
    refused = answered(observed, "429")
    if not trouble(observed).few or refused < MIN_RETRIES or total - refused < MIN_LET_IN:
        return None
    amplification = total / (total - refused)
    again = measured(observed).counter("rest_client_request_retries_total")
    scales = Scales()
    scales.supports(
        amplification >= MIN_AMPLIFICATION,
        f"Metrics count {count(refused)} answers 429 among {count(total)}: {amplification:.1f} attempts for each that was let in.",
        observation="metrics.counters",
        weight=0.8,
    )
    scales.supports(
        sum(map(grown, again)) >= MIN_RETRIES,
        f"Clients count {count(sum(map(grown, again)))} repeated requests themselves.",
        observation="metrics.counters",
        weight=0.6,
        at=places(again),
    )
    scales.misses(True, "how often one wish is repeated: an audit log of that time (snowpit policy)")  # noqa: FBT003 - metrics cannot
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=amplification >= MIN_AMPLIFICATION,
        harmful=trouble(observed).real,
        visible=True,
        claim=f"{count(refused)} of {count(total)} requests were answered 429, {amplification:.1f} attempts for each that was let in.",
        denial=f"{count(refused)} of {count(total)} requests were answered 429.",
        numbers={"measured_refused": round(refused), "measured_amplification": round(amplification, 2)},
        impact=0.8 * (1.0 - 1.0 / amplification) if amplification > 1.0 else 0.0,
        would_change="Attempts that stay near one for each wish.",
    )


def _weigh(scales: Scales, retries: Retries, *, share: float) -> None:
    scales.supports(
        retries.amplification >= MIN_AMPLIFICATION,
        f"Where requests fail, {count(retries.attempts)} attempts stand for {count(retries.requests)} wishes: {retries.amplification:.1f} each.",
        observation="retries",
        weight=min(1.0, 0.4 + 0.2 * retries.amplification),
    )
    scales.supports(
        share >= 0.05,  # noqa: PLR2004 - a visible part of the load
        f"Repeated tries are {percent(share)} of all requests; {count(retries.after_rejection)} follow a 429.",
        observation="retries",
        weight=0.6,
    )
    scales.supports(
        retries.gap_p50_s is not None and retries.gap_p50_s <= 2.0,  # noqa: PLR2004 - Retry-After is 1 s
        f"They come back after {seconds(retries.gap_p50_s)} in the median.",
        observation="retries",
        weight=0.4,
    )
    scales.supports(
        len(retries.by_class) > 1,
        f"Classes: {listed([f'{key} ({count(again)} of {count(attempts)})' for key, attempts, again in retries.by_class])}.",
        observation="retries",
        weight=0.1,
    )
    gap = retries.gap_p50_s
    scales.opposes(
        retries.retries >= MIN_RETRIES and gap is not None and gap >= PERIOD_S,
        f"They come back after {seconds(gap)} in the median, as the next turn of a timer would.",
        observation="retries",
        weight=1.0,
    )
    scales.opposes(
        retries.growing >= 0.7,  # noqa: PLR2004 - most chains
        f"{percent(retries.growing)} of the longer chains wait longer each time: back-off works.",
        observation="retries",
        weight=0.7,
    )
