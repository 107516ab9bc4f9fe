"""A few clients list whole collections, steadily, and the answers occupy the server.

Claim:
    LISTs by a few clients hold most of the read-only seat time, and the server suffers from it.

Mechanism:
    A LIST without resourceVersion reads every object from the database (until consistent reads come from the cache, 1.31), decodes
    and encodes it, and keeps its read-only seat (from 1.22 up to 10 seats) all that time. Paging bounds each answer but
    not the sum; a selector reduces the answer but not the work. A client that gives up after 60 s and asks again keeps the
    work alive without ever getting an answer.

Evidence for:
    Share of read-only seat time held by LISTs; slow LISTs; a share that is read from the database; few sources that hold it.
    Without requests: the part of LISTs in all reads in metrics, by number times mean time, with refusals or slowness.

Evidence against:
    LISTs that end in milliseconds; LISTs from the cache; no refusals and short sojourn times; a herd that decays by itself.

Easily mistaken for:
    A relist herd after a restart (many clients at once, then less); slow storage (then single GETs are slow as well).

Cannot tell when:
    The policy leaves out reads, or the evidence has no query part (whether the cache answers is unknown then).

Remedy:
    Stop or slow the client; informers, resourceVersion=0, limit; a priority level of its own; consistent reads from the cache.

Sources:
    kubernetes/kubernetes#96082, #123986; projectcalico/node#1200; etcd-io/etcd#12457; kyverno/kyverno#8005; KEP-2340.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.asked import asked, judge_asked, weigh_asked
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Number, Profile, Scales, conclude
from snowpit.diagnose.words import count, percent, rate, seconds
from snowpit.knowledge.clients import recognise
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import ListSource, Observed

PROFILE = Profile(
    id="list_storm",
    title="LISTs of whole collections hold the read-only seats",
    role=Role.CAUSE,
    mistaken_for=(
        "a relist herd: that decays within minutes",
        "slow storage: single GETs would be slow as well",
    ),
    sources=("kubernetes/kubernetes#96082", "projectcalico/node#1200", "kyverno/kyverno#8005"),
    explains=("inflight_limit", "retry_storm", "server_stall", "hot_client"),
    mechanism="A LIST of a whole collection is read, decoded and encoded object by object while it holds its read-only seat, and a client that gives up and asks again keeps that work going.",
)

MIN_LISTS = 30
SLOW_S = 1.0
MIN_HELD_SHARE = 0.4
MIN_HELD_SEATS = 5.0
"""Mean read-only seats that LISTs hold; below that they occupy nobody."""


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    counted = asked(observed, "LISTs", verbs=("LIST",))
    measured = judge_asked(PROFILE, plane, observed, found=counted, least=MIN_HELD_SHARE)
    if measured is not None:
        return measured
    lists = observed.lists
    scales = Scales()
    weigh_asked(scales, counted, least=MIN_HELD_SHARE)
    scales.misses(
        not observed.policy.has_read,
        "an audit rule of level Metadata for get, list and watch: snowpit policy",
    )
    scales.misses(
        lists.attempts >= MIN_LISTS and lists.unknown > lists.attempts / 2,
        "the query part of the LISTs (requestURI), which tells whether the database or the cache answers",
    )
    held = _held(observed)
    _weigh(scales, observed, plane, held=held)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=lists.attempts >= MIN_LISTS and lists.held_share >= MIN_HELD_SHARE and held >= MIN_HELD_SEATS,
        harmful=trouble(observed).real and _harmed(observed),
        visible=observed.policy.has_read or not trouble(observed).real,
        claim=_claim(observed),
        denial=_denial(observed),
        numbers=_numbers(observed, held),
        impact=lists.held_share * _readonly_part(observed),
        would_change="LISTs that end in milliseconds, or other reads that hold more seat time.",
    )


def _held(observed: Observed) -> float:
    """Mean read-only seats held by LISTs while the server was active."""
    active = max(1, observed.traffic.active_seconds)
    return observed.lists.held_share * observed.seats.readonly.held_s / active


def _harmed(observed: Observed) -> bool:
    """Reads are refused, or LISTs are slow."""
    lists = observed.lists
    refused = observed.seats.readonly.rejected >= 20  # noqa: PLR2004 - more than noise
    return refused or (lists.p50_s or 0.0) >= SLOW_S or (lists.p99_s or 0.0) >= 10 * SLOW_S


def _readonly_part(observed: Observed) -> float:
    """Share of read-only requests in the trouble: by refusals, else by seat time."""
    mutating, readonly = observed.seats.mutating, observed.seats.readonly
    if mutating.rejected + readonly.rejected:
        return readonly.rejected / (mutating.rejected + readonly.rejected)
    total = mutating.held_s + readonly.held_s
    return readonly.held_s / total if total else 0.0


def _weigh(scales: Scales, observed: Observed, plane: ControlPlane, *, held: float) -> None:
    lists = observed.lists
    scales.supports(
        lists.held_share >= MIN_HELD_SHARE,
        f"LISTs hold {percent(lists.held_share)} of the read-only seat time, {held:,.1f} seats on average.",
        observation="lists",
        weight=0.9,
    )
    scales.supports(
        (lists.p50_s or 0.0) >= SLOW_S,
        f"A LIST takes {seconds(lists.p50_s)} in the median and {seconds(lists.p99_s)} at the 99th percentile.",
        observation="lists",
        weight=0.6,
    )
    cached = plane.flag("lists_from_cache")
    direct = lists.from_storage / max(1, lists.attempts)
    scales.supports(
        direct >= 0.3 and not cached,  # noqa: PLR2004 - a fair part
        f"{count(lists.from_storage)} of {count(lists.attempts)} LISTs ({percent(direct)}) are read from the database: no "
        "resourceVersion is given.",
        observation="lists",
        weight=0.5,
    )
    few = _few(observed)
    scales.supports(
        bool(few),
        f"{count(len(few))} of the clients hold most of it, first {_who(few[0]) if few else ''}.",
        observation="lists",
        weight=0.6,
    )
    scales.supports(
        observed.seats.readonly.rejected >= 20,  # noqa: PLR2004 - more than noise
        f"{count(observed.seats.readonly.rejected)} reads are refused with 429.",
        observation="seats",
        weight=0.5,
    )
    _weigh_rivals(scales, observed)


def _weigh_rivals(scales: Scales, observed: Observed) -> None:
    lists, herd = observed.lists, observed.relists
    scales.opposes(
        lists.p50_s is not None and (lists.p99_s or 0.0) < 0.1,  # noqa: PLR2004 - a tenth of a second
        f"99 % of the LISTs end within {seconds(lists.p99_s)}.",
        observation="lists",
        weight=1.0,
    )
    scales.opposes(
        herd.decays and herd.lists > lists.attempts / 2,
        f"More than half of them ({count(herd.lists)}) come within 30 s and then stop: a herd, no steady load.",
        observation="relists",
        weight=1.0,
    )
    gets = [item for item in observed.traffic.classes if item.key.verb == "get" and item.attempts >= 20]  # noqa: PLR2004
    slow = [item for item in gets if (item.p50_s or 0.0) >= SLOW_S]
    scales.opposes(
        bool(slow) and len(slow) > len(gets) / 2,
        f"Single GETs are slow as well ({len(slow)} of {len(gets)} classes over {seconds(SLOW_S)}): storage or the whole server.",
        observation="traffic",
        weight=0.6,
    )


def _few(observed: Observed) -> list[ListSource]:
    """The heaviest sources that together hold at least half of what LISTs hold, if they are at most five."""
    total = observed.lists.held_share * observed.seats.readonly.held_s
    taken, sum_s = [], 0.0
    for source in observed.lists.top:
        taken.append(source)
        sum_s += source.held_s
        if total and sum_s >= total / 2:
            return taken if len(taken) <= 5 else []  # noqa: PLR2004 - a few
    return []


def _who(source: ListSource) -> str:
    known = recognise(source.user, source.user_agent)
    name = source.user or source.user_agent or "an unknown client"
    label = (
        f"{name} ({known.title})"
        if known
        else f"{name} with {source.user_agent}"
        if source.user_agent
        else name
    )
    return f"{label}, which lists {source.resource} {count(source.attempts)} times"


def _claim(observed: Observed) -> str:
    lists = observed.lists
    who = f"; the heaviest is {_who(lists.top[0])}" if lists.top else ""
    return (
        f"{count(lists.attempts)} LISTs ({rate(lists.rate)}) hold {percent(lists.held_share)} of the read-only seat time and take "
        f"{seconds(lists.p50_s)} in the median{who}."
    )


def _denial(observed: Observed) -> str:
    lists = observed.lists
    if not observed.policy.has_read:
        return "The evidence shows no reads, so LISTs cannot be judged."
    return (
        f"{count(lists.attempts)} LISTs hold {percent(lists.held_share)} of the read-only seat time, "
        f"{seconds(lists.p50_s)} in the median."
    )


def _numbers(observed: Observed, held: float) -> dict[str, Number]:
    lists = observed.lists
    top = lists.top[0] if lists.top else None
    return {
        "lists": lists.attempts,
        "lists_per_s": round(lists.rate, 2),
        "held_share": round(lists.held_share, 4),
        "seats_held_mean": round(held, 2),
        "from_storage": lists.from_storage,
        "p50_s": None if lists.p50_s is None else round(lists.p50_s, 3),
        "p99_s": None if lists.p99_s is None else round(lists.p99_s, 3),
        "rejected_reads": observed.seats.readonly.rejected,
        "top_user": None if top is None else top.user,
        "top_user_agent": None if top is None else top.user_agent,
        "top_resource": None if top is None else top.resource,
    }
