"""Many clients list and watch everything again at once, after a restart or a break of their watches.

Claim:
    A herd of LISTs and watch starts by many clients arrives within seconds and occupies the server until it has been answered.

Mechanism:
    Informers keep a watch open. When the API server restarts, a load balancer cuts connections, or the watch
    cache cannot serve their last resourceVersion (410 Gone), all of them LIST again and open new watches together. The LISTs
    hold read-only seats and memory; those refused come back after a second (before client-go 1.18) until they get through.

Evidence for:
    Within 30 s many times the usual number of LISTs and watch starts, from many clients; silence or ended watches
    before it; 410 answers; refusals or slow LISTs in it; decay within minutes.
    Without requests: a restart, and LISTs in metrics that peak between two scrapes and make a large part of the reads.

Evidence against:
    Few clients; LISTs at the same rate all the time; a server that answers the herd without refusals and quickly.

Easily mistaken for:
    A LIST storm by a few clients, which does not decay.

Cannot tell when:
    The policy leaves out reads, or the evidence starts inside the herd (no usual rate to compare with).

Remedy:
    Let it drain and restart nothing; restart API servers one by one; bookmarks, newer client-go, goaway-chance.

Sources:
    kubernetes/kubernetes#86483, #86430, #6770, #79805, #97991, #88567.
"""

from dataclasses import replace

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.asked import asked, judge_asked
from snowpit.diagnose.beside import APISERVER, measured
from snowpit.diagnose.lines import starts
from snowpit.diagnose.trouble import SLOW_S, trouble
from snowpit.diagnose.weigh import Number, Profile, Scales, conclude
from snowpit.diagnose.words import count, rate, seconds
from snowpit.model.finding import Finding, Role, Verdict
from snowpit.model.observation import Observed, Relists
from snowpit.model.window import clock

PROFILE = Profile(
    id="relist_herd",
    title="A herd of LISTs and watches after a restart",
    role=Role.CAUSE,
    mistaken_for=("a LIST storm by a few clients: that does not decay",),
    sources=("kubernetes/kubernetes#86483", "kubernetes/kubernetes#86430", "kubernetes/kubernetes#79805"),
    explains=("inflight_limit", "retry_storm", "server_stall"),
    mechanism="All informers lose their watch at the same moment, LIST everything again and open new watches; those refused come back after about a second until they get through.",
)

MIN_HERD = 100
"""LISTs and watch starts within 30 s; an informer set of a small cluster makes fewer."""

MIN_CLIENTS = 10
MIN_TIMES_USUAL = 5.0
SILENCE_S = 5.0
MIN_LIST_SHARE = 0.2
PEAK_TIMES = 2.0
LOOP = 3
"""Restarts from which on it is a loop of restarts, which has a hypothesis of its own."""


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    by_metrics = _by_metrics(observed, plane)
    if by_metrics is not None:
        return by_metrics
    herd = observed.relists
    size = herd.lists + herd.watches
    times = size / max(herd.typical, 1.0)
    scales = Scales()
    scales.misses(
        not observed.policy.has_read, "an audit rule of level Metadata for list and watch: snowpit policy"
    )
    _weigh(scales, observed, size=size, times=times)
    _weigh_restart(scales, observed)
    found = conclude(
        PROFILE,
        plane,
        scales=scales,
        present=size >= MIN_HERD
        and herd.clients >= MIN_CLIENTS
        and times >= MIN_TIMES_USUAL
        and herd.share >= 0.2,  # noqa: PLR2004
        harmful=trouble(observed).real and _harmed(observed),
        visible=observed.policy.has_read or not trouble(observed).real,
        claim=f"At {clock(herd.at)} {count(herd.clients)} clients list and watch everything again: {count(herd.lists)} LISTs and "
        f"{count(herd.watches)} watch starts within 30 s, {times:,.0f} times the usual.",
        denial=f"At most {count(size)} LISTs and watch starts within 30 s by {count(herd.clients)} clients; usual are {count(herd.typical)}."
        if observed.policy.has_read
        else "The evidence shows no reads, so a herd cannot be judged.",
        numbers=_numbers(observed, size=size, times=times),
        impact=0.6 * min(1.0, herd.share + 0.2),
        would_change="The same rate of LISTs and watches before and after, or a few clients behind most of them.",
    )
    if found.verdict is Verdict.SUPPORTED and _broken(herd):
        return replace(found, explains=(*found.explains, "list_storm"))
    return found


def _restarts(observed: Observed) -> int:
    """Times that an API server was started anew while the evidence looked on, by metrics or by its log."""
    seen = max(
        (item.restarts for item in measured(observed).instances if item.component == APISERVER), default=0
    )
    return max(seen, starts(observed, APISERVER))


def _weigh_restart(scales: Scales, observed: Observed) -> None:
    number = _restarts(observed)
    scales.supports(
        number > 0,
        f"An API server was started {count(number)} times in this evidence: every watch that it had is opened anew.",
        observation="logs.lifetimes" if starts(observed, APISERVER) else "metrics.instances",
        weight=0.5,
    )


def _by_metrics(observed: Observed, plane: ControlPlane) -> Finding | None:
    """What metrics say where no requests are seen: LISTs that make most reads of a server that was started anew."""
    counted = asked(observed, "LISTs", verbs=("LIST",))
    if counted is None or not 0 < _restarts(observed) < LOOP:
        return None
    scales = Scales()
    _weigh_restart(scales, observed)
    peaks = measured(observed).counter("apiserver_request_total", APISERVER, verb="LIST")
    peak, mean = sum(item.peak_rate or 0.0 for item in peaks), counted.per_s or 0.0
    scales.supports(
        peak >= PEAK_TIMES * mean > 0.0,
        f"LISTs peak at {rate(peak)} between two scrapes; on average they come at {rate(mean)}.",
        observation="metrics.counters",
        weight=0.6,
    )
    missing = "whether the LISTs come at once and decay: an audit rule of level Metadata for list and watch (snowpit policy)"
    return judge_asked(
        PROFILE, plane, observed, found=counted, least=MIN_LIST_SHARE, scales=scales, missing=missing
    )


def _broken(herd: Relists) -> bool:
    """Whether anything shows that watches broke: silence, watches that ended, 410s, many new watches."""
    return (
        herd.gap_before_s >= SILENCE_S
        or herd.watches_ended >= MIN_CLIENTS
        or herd.gone >= 5  # noqa: PLR2004 - more than noise
        or herd.watches * 4 >= herd.lists
    )


def _harmed(observed: Observed) -> bool:
    refused = observed.seats.readonly.rejected
    slow = any(item.key.verb == "list" and (item.p90_s or 0.0) >= SLOW_S for item in observed.traffic.classes)
    return slow or refused >= 20 or observed.relists.gone >= 20  # noqa: PLR2004 - more than noise


def _weigh(scales: Scales, observed: Observed, *, size: int, times: float) -> None:
    herd = observed.relists
    scales.supports(
        size >= MIN_HERD and times >= MIN_TIMES_USUAL,
        f"{count(size)} LISTs and watch starts come within 30 s, {times:,.0f} times the usual {count(max(herd.typical, 1))}.",
        observation="relists",
        weight=0.9,
    )
    scales.supports(
        herd.clients >= MIN_CLIENTS,
        f"They come from {count(herd.clients)} clients: something that happened to all of them.",
        observation="relists",
        weight=0.6,
    )
    scales.supports(
        herd.gap_before_s >= SILENCE_S,
        f"Before it the server is silent for {seconds(herd.gap_before_s)}: it was down or cut off.",
        observation="relists",
        weight=0.6,
    )
    scales.supports(
        herd.watches_ended >= MIN_CLIENTS,
        f"{count(herd.watches_ended)} watches end in the minute before.",
        observation="relists",
        weight=0.5,
    )
    scales.supports(
        herd.gone >= 5,  # noqa: PLR2004 - more than noise
        f"{count(herd.gone)} answers are 410 Gone: the watch cache no longer has what the clients ask for.",
        observation="relists",
        weight=0.5,
    )
    scales.supports(
        herd.decays, "It decays to a quarter within five minutes.", observation="relists", weight=0.3
    )
    scales.opposes(
        size >= MIN_HERD and not herd.decays,
        "It does not decay within five minutes of the evidence."
        + ("" if _broken(herd) else " Nothing shows that watches broke: LISTs that go on, no herd."),
        observation="relists",
        weight=0.4 if _broken(herd) else 1.0,
    )


def _numbers(observed: Observed, *, size: int, times: float) -> dict[str, Number]:
    herd = observed.relists
    return {
        "lists": herd.lists,
        "watch_starts": herd.watches,
        "clients": herd.clients,
        "times_usual": round(times, 1) if size else 0.0,
        "share_of_arrivals": round(herd.share, 4),
        "silence_before_s": round(herd.gap_before_s, 1),
        "watches_ended_before": herd.watches_ended,
        "gone": herd.gone,
        "rejected_reads": observed.seats.readonly.rejected,
    }
