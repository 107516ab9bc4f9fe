"""Who sends what to the API servers: populations of clients, kubelets, and scrapers of kubelets.

All times are seconds. A *call* is what a client wants; an *attempt* is one request that it
sends for it. Populations are counted, not listed: client ``i`` of ``count`` uses server
``i mod servers`` and, where it carries one of ``tokens`` tokens, the same token always.
"""

from dataclasses import dataclass, field

FOREVER = float("inf")

LAWS = ("constant", "exponential", "uniform", "lognormal")
CREDENTIALS = (
    "certificate",
    "masters",
    "static_token",
    "legacy_token",
    "bound_token",
    "deleted_token",
    "garbage_token",
    "front_proxy",
    "basic",
    "bootstrap_token",
    "oidc_token",
    "webhook_token",
    "anonymous",
)
"""How a client proves who it is. ``masters``: a certificate of group system:masters; ``deleted_token``: a
well-signed ServiceAccount token whose Secret is gone; ``garbage_token``: does not even verify."""

LOOKED_UP = ("legacy_token", "bound_token")
"""ServiceAccount tokens that are accepted: they need look-ups, and the token cache keeps them."""

ARRIVALS = ("closed", "open", "none")
RETRYABLE = ("rejected", "timed_out", "abandoned", "unauthorized", "reset")
"""Ends of an attempt that may be retried: 429; 504; own patience over; 401; connection lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A duration drawn anew each time.

    Args:
        law: One of ``LAWS``; uniform is on [0, 2 mean).
        mean_s: Mean, s; infinity with law constant means never.
        sigma: Lognormal only: standard deviation of the logarithm.
    """

    law: str = "constant"
    mean_s: float = 0.0
    sigma: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """What a client does after an attempt failed: client-go's inner loop within an outer law of back-off.

    Args:
        inner_tries: Tries in all on answers that carry Retry-After (429), each after the seconds they tell.
        steps: Tries in all of the outer law (1: none); each outer try has a fresh inner loop.
        base_s: First outer delay.
        factor: Growth per delay.
        jitter: Each delay is stretched by a factor in [1, 1 + jitter).
        cap_s: Longest delay before jitter.
        on: Ends that the outer law retries, of ``RETRYABLE``.
        bound_s: Bound on the whole call with all its retries.
        budget_share: What-if: retries earned per success (0.1 is usual); below zero: no budget.
        breaker_failures: What-if: failures in a row that open a circuit breaker; 0: no breaker.
        breaker_rest_s: What-if: how long it stays open.
    """

    inner_tries: int = 1
    steps: int = 1
    base_s: float = 1.0
    factor: float = 1.0
    jitter: float = 0.0
    cap_s: float = FOREVER
    on: tuple[str, ...] = ("rejected", "timed_out", "abandoned", "reset")
    bound_s: float = FOREVER
    budget_share: float = -1.0
    breaker_failures: int = 0
    breaker_rest_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is asked of the API server.

    Args:
        verb: As in the audit log; get, list and watch take read-only seats, all others mutating ones.
        group: API group, empty for the core group.
        resource: Resource.
        subresource: Subresource, may be empty.
        namespace: Namespace, may be empty.
        service: Time inside the handler when nothing throttles it, s.
        objects: Objects touched by a list (its seats under priority and fairness from 1.22).
        etcd: Whether the handler waits for etcd, so that a slow etcd stretches it.
    """

    verb: str = "get"
    group: str = ""
    resource: str = "pods"
    subresource: str = ""
    namespace: str = ""
    service: Delay = Delay(law="lognormal", mean_s=0.008)
    objects: int = 0
    etcd: bool = True

    @property
    def mutating(self) -> bool:
        """Whether it takes a mutating seat."""
        return self.verb not in ("get", "list", "watch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A set of bearer tokens of one kind.

    Args:
        credential: Kind of token, one of ``CREDENTIALS``.
        count: Number of distinct tokens.
        weights: How clients (open arrivals: requests) are spread over them: ``uniform`` or ``zipf:<exponent>``.
        subject: User that a token stands for; ``{token}`` becomes its number.
        shared_with: Name of a population or scraper whose tokens these are; empty for own ones.
    """

    credential: str = "legacy_token"
    count: int = 1
    weights: str = "uniform"
    subject: str = "system:serviceaccount:default:app-{token}"
    shared_with: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """A population of clients of the API server.

    Args:
        name: Name, unique in the scenario.
        count: Number of clients.
        user: User name as the audit log shows it; ``{client}`` and ``{token}`` become numbers.
        groups: Groups, comma separated.
        user_agent: User agent.
        operation: What each call asks for.
        tokens: How the clients prove who they are.
        reviewed: For TokenReviews: the tokens put to review; null for every other operation.
        arrivals: ``closed``: think, call, think; ``open``: Poisson at ``rate_per_s``; ``none``: only when an
            event asks (burst, restart).
        think: Closed: time between the end of a call and the next one.
        rate_per_s: Open: calls per second of the whole population.
        patience: How long a client waits for an attempt before it hangs up.
        network: One-way delay between client and server.
        retry: What it does after a failure.
        reconnects: Whether each client calls at once (within the spread of the event) after losing its server.
        qps: Own client limiter, requests per second per client; 0 for none.
        burst: Burst of that limiter.
        priority_level: Under priority and fairness; empty: by the flow schemas of the version.
        start_s: When it begins.
        phase: Closed: first call after ``spread`` (uniform over one mean think time), ``think`` (one think
            time) or ``at_once``.
    """

    name: str
    count: int = 1
    user: str = "system:serviceaccount:default:app-{token}"
    groups: str = "system:authenticated"
    user_agent: str = "client-go"
    operation: Operation = Operation()
    tokens: Tokens = Tokens()
    reviewed: Tokens | None = None
    arrivals: str = "closed"
    think: Delay = Delay(law="exponential", mean_s=20.0)
    rate_per_s: float = 0.0
    patience: Delay = Delay(mean_s=FOREVER)
    network: Delay = Delay()
    retry: Retry = Retry()
    reconnects: bool = False
    qps: float = 0.0
    burst: float = 10.0
    priority_level: str = ""
    start_s: float = 0.0
    phase: str = "spread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubelets:
    """The kubelets: they ask the API server to review what scrapers present to them.

    Every value follows from the kubelet's version unless the scenario says otherwise.

    Args:
        count: Number of nodes over all API servers.
        ok_ttl_s: How long an accepted review is kept.
        failed_ttl_s: How long ``authenticated: false`` is kept.
        keeps_errors: Whether an answer with ``status.error`` is kept like a refusal (to 1.13).
        allowed_ttl_s: How long a granted SubjectAccessReview is kept.
        coalesces: Whether concurrent misses of one token share a review (from 1.18).
        retry: Retries of reviews; ``bound_s`` is 30 s from 1.18.
        qps: Client limiter, per kubelet.
        burst: Burst of it.
        review_service: Time of a review's handler apart from authenticating the token, s.
        access_service: Time of a SubjectAccessReview's handler, s.
        authorizes: Whether scrapes need a SubjectAccessReview (authorization mode Webhook).
        warm: Whether caches start at stationary ages instead of empty.
        user_agent: User agent.
        priority_level: As in ``Clients``.
    """

    count: int = 0
    ok_ttl_s: float = 120.0
    failed_ttl_s: float = 120.0
    keeps_errors: bool = True
    allowed_ttl_s: float = 300.0
    coalesces: bool = False
    retry: Retry = Retry()
    qps: float = 5.0
    burst: float = 10.0
    review_service: Delay = Delay(law="lognormal", mean_s=0.001)
    access_service: Delay = Delay(law="lognormal", mean_s=0.002)
    authorizes: bool = True
    warm: bool = True
    user_agent: str = "kubelet"
    priority_level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraper:
    """Something that scrapes every kubelet in periodic rounds.

    Args:
        name: Name, unique in the scenario.
        tokens: What it shows to the kubelets (one token).
        period_s: Time between rounds.
        spread_s: Each kubelet is asked after a uniform delay in [0, spread_s) from the start of a round.
        timeout_s: How long the scraper waits for a kubelet.
        subresource: Of nodes, for the SubjectAccessReview: stats, metrics, proxy.
        start_s: First round.
        evenly: Each kubelet has its own fixed phase over the whole period (Prometheus) instead of a joint round.
        release: Release of metrics-server, for what it logs and counts; empty for another program.
    """

    name: str
    tokens: Tokens = field(
        default_factory=lambda: Tokens(subject="system:serviceaccount:kube-system:metrics-server")
    )
    period_s: float = 60.0
    spread_s: float = 4.0
    timeout_s: float = 54.0
    subresource: str = "stats"
    start_s: float = 0.0
    evenly: bool = False
    release: str = ""
