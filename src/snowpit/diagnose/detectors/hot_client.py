"""One client stands far above all others while the server suffers.

Claim:
    A single user, program, address or node makes most of the requests, or holds most of the seat time, of a server in trouble.

Mechanism:
    A controller in a loop, a script without cache, a CI job or one broken node asks far more than all others. What it asks may be
    harmless one by one; together it takes seats, CPU or refusals from everybody.

Evidence for:
    Its share of attempts and of held seat time; how far it stands above the second; what it asks.
    Without requests: a component whose own metrics count most of what the API server answers.

Evidence against:
    An even spread over many clients; a large share of attempts that are only refused while somebody else holds the seats.

Easily mistaken for:
    All kubelets together (they are many and even); the API server's own look-ups (they follow what others ask); a
    retrying victim, which is loud but holds nothing.

Cannot tell when:
    All clients share one user and user agent, or the log has no sources (behind a load balancer).

Remedy:
    Stop or slow it; a priority level of its own; an informer instead of repeated reads.

Sources:
    kubernetes/kubernetes#95259, #47899; Azure AKS guide for API server and etcd troubleshooting.
"""

from collections import Counter

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, grown, measured, places, since
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, percent
from snowpit.knowledge.clients import recognise
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Client, Observed

PROFILE = Profile(
    id="hot_client",
    title="One client stands above all others",
    role=Role.CAUSE,
    mistaken_for=(
        "all kubelets together: they are many, and even",
        "a retrying victim: loud, but it holds nothing",
    ),
    sources=("kubernetes/kubernetes#95259", "kubernetes/kubernetes#47899"),
    explains=("inflight_limit", "retry_storm", "heartbeat_pressure", "server_stall"),
    mechanism="One client asks more than the server can carry beside all others, and takes seats, processor time or refusals from them.",
)

DIMENSIONS = ("user", "node", "source", "user_agent")
"""Most telling first: a user agent or an address may stand for many clients."""

MIN_ATTEMPTS = 200
MIN_SHARE = 0.4
ABOVE_SECOND = 3.0
FEW = 5
"""With fewer values than this a large share says nothing."""

OWN = ("system:apiserver",)


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    hot = _hottest(observed)
    hurt = trouble(observed)
    scales = Scales()
    if hot is None:
        return _none(observed, plane, scales)
    second = _second(observed, hot)
    _weigh(scales, hot, second)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=True,
        harmful=hurt.real,
        visible=True,
        claim=f"{_label(hot)} makes {percent(hot.share)} of all requests ({count(hot.attempts)}) and holds {percent(hot.held_share)} of all seat "
        f"time, mostly {hot.top_class}.",
        denial=f"{_label(hot)} makes {percent(hot.share)} of all requests and holds {percent(hot.held_share)} of the seat time, on a server that copes.",
        numbers={
            "dimension": hot.dimension,
            "client": hot.value,
            "attempts": hot.attempts,
            "share": round(hot.share, 4),
            "held_share": round(hot.held_share, 4),
            "peak_per_s": hot.peak_rate,
            "rejected": hot.rejected,
            "second_share": round(second.share, 4) if second else None,
        },
        impact=0.5 * (hot.held_share + min(hot.share, hot.held_share)),
        would_change="A second client of the same weight, or seats held by others.",
    )


def _by_metrics(observed: Observed, plane: ControlPlane) -> Finding | None:
    """Where no requests are seen: a component whose own metrics count most of what the servers answer; null if none does."""
    metrics = measured(observed)
    answered = metrics.grown("apiserver_request_total", APISERVER)
    sent = [
        item
        for item in metrics.counter("rest_client_requests_total")
        if item.component not in ("", APISERVER)
    ]
    numbers: Counter[str] = Counter()
    for item in sent:
        numbers[item.component] += round(grown(item))
    if answered < MIN_ATTEMPTS or not numbers:
        return None
    name, number = numbers.most_common(1)[0]
    share = min(1.0, number / answered)
    own = [item for item in sent if item.component == name]
    scales = Scales()
    scales.supports(
        share >= MIN_SHARE,
        f"{name} counts {count(number)} requests that it sent {since(own)}, {percent(share)} of the {count(answered)} that the API server answered.",
        observation="metrics.counters",
        weight=0.9,
        at=places(own),
    )
    scales.opposes(
        share < MIN_SHARE / 4,
        f"{name}, the busiest component that exposes metrics, sent {percent(share)} of what the API server answered.",
        observation="metrics.counters",
        weight=0.3,
        at=places(own),
    )
    scales.misses(share < MIN_SHARE, "requests by client: an audit log of that time (snowpit policy)")
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=share >= MIN_SHARE,
        harmful=trouble(observed).real,
        visible=share >= MIN_SHARE,
        claim=f"{name} sends {percent(share)} of all requests ({count(number)} of {count(answered)}), as its own metrics count.",
        denial=f"No component that exposes metrics stands out: {name} sends {percent(share)} of the requests.",
        numbers={"client": name, "measured_requests": number, "measured_share": round(share, 4)},
        impact=0.5 * share,
        would_change="A second client of the same weight, or seats held by others.",
    )


def _none(observed: Observed, plane: ControlPlane, scales: Scales) -> Finding:
    by_metrics = _by_metrics(observed, plane) if trouble(observed).few else None
    if by_metrics is not None:
        return by_metrics
    tops = [item for item in observed.clients if item.dimension == "user"]
    top = max(tops, key=lambda item: item.held_share, default=None)
    denial = (
        f"No client stands out: {_label(top)} makes {percent(top.share)} of the requests and holds {percent(top.held_share)} of the seat time."
        if top
        else "No client is named in the evidence."
    )
    return conclude(
        PROFILE, plane, scales=scales, present=False, harmful=False, visible=True, claim="", denial=denial
    )


def _hottest(observed: Observed) -> Client | None:
    """The client that holds most of the seat time or makes most requests, by the most telling dimension."""
    for dimension in DIMENSIONS:
        mine = [item for item in observed.clients if item.dimension == dimension]
        if len(mine) < FEW:
            continue
        top = max(mine, key=lambda item: (item.held_share + item.share, item.value))
        second = _second(observed, top)
        weight = top.held_share + top.share
        alone = second is None or weight >= ABOVE_SECOND * (second.held_share + second.share)
        loud = top.held_share >= MIN_SHARE and top.share >= MIN_SHARE / 4
        if top.value not in OWN and top.sole_user and top.attempts >= MIN_ATTEMPTS and loud and alone:
            return top
    return None


def _second(observed: Observed, top: Client) -> Client | None:
    rest = [item for item in observed.clients if item.dimension == top.dimension and item.value != top.value]
    return max(rest, key=lambda item: (item.held_share + item.share, item.value), default=None)


def _label(client: Client) -> str:
    words = {"user_agent": "The program ", "source": "The address ", "node": "The node "}
    known = recognise(client.value, client.value) if client.dimension in ("user", "user_agent") else None
    name = f"{words.get(client.dimension, '')}{client.value}"
    return f"{name} ({known.title})" if known else name


def _weigh(scales: Scales, hot: Client, second: Client | None) -> None:
    scales.supports(
        hot.held_share >= MIN_SHARE,
        f"It holds {percent(hot.held_share)} of all seat time.",
        observation="clients",
        weight=min(1.0, hot.held_share + 0.2),
    )
    scales.supports(
        hot.share >= MIN_SHARE / 4,
        f"It makes {percent(hot.share)} of all requests, up to {count(hot.peak_rate)} in one second.",
        observation="clients",
        weight=min(1.0, hot.share + 0.2),
    )
    if second is not None:
        scales.supports(
            hot.held_share + hot.share >= ABOVE_SECOND * (second.held_share + second.share),
            f"The next one, {second.value}, makes {percent(second.share)} and holds {percent(second.held_share)}.",
            observation="clients",
            weight=0.6,
        )
    scales.opposes(
        hot.rejected > 0.9 * hot.attempts,
        f"{percent(hot.rejected / hot.attempts)} of its requests are refused: it is loud, but others may hold the seats.",
        observation="clients",
        weight=0.5,
    )
