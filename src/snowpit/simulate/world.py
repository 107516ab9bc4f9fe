"""From a scenario to the world of the event loop: sizes, parameters, and the first entries of the agenda."""

from dataclasses import replace
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from snowpit.cluster.authenticators import price
from snowpit.cluster.control_plane import ControlPlane
from snowpit.cluster.flow_schemas import level_of
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.workload import CREDENTIALS, LAWS, RETRYABLE, Clients, Delay, Operation, Scraper, Tokens
from snowpit.model.sample import CLIENT_MEASURES, SERVER_MEASURES
from snowpit.simulate.engine import layout as at
from snowpit.simulate.engine.chance import key_of
from snowpit.simulate.engine.layout import World, records

FIRST_RECORDS = 4096
WHEEL_SLOTS = 1 << 11
"""About a minute; what is due later waits in the heap."""

OWN_CREDENTIAL = Tokens(credential="certificate", subject="")
NODE_USER = "system:node:node-{client}"
NODE_GROUPS = "system:nodes,system:authenticated"


class Plan(NamedTuple):
    """A scenario with every population spelled out, and where things lie.

    Args:
        scenario: The scenario.
        populations: Its clients, then per scraper the scraper itself, its TokenReviews and its SubjectAccessReviews.
        first: First client of each population.
        token_base: First token of each population's own credential.
        reviewed_base: First of the tokens that it puts to review.
        tokens: Number of tokens.
    """

    scenario: Scenario
    populations: tuple[Clients, ...]
    first: tuple[int, ...]
    token_base: tuple[int, ...]
    reviewed_base: tuple[int, ...]
    tokens: int

    @property
    def clients(self) -> int:
        """Number of clients of all populations."""
        return self.first[-1] + self.populations[-1].count if self.populations else 0


def plan(scenario: Scenario) -> Plan:
    """Spell a scenario out."""
    populations = [*scenario.clients]
    for scraper in scenario.scrapers:
        populations += _of_scraper(scenario, scraper)
    first: list[int] = []
    own: list[int] = []
    reviewed: list[int] = []
    where: dict[str, int] = {}
    clients = tokens = 0
    for one in populations:
        first.append(clients)
        clients += one.count
        own.append(where.get(one.tokens.shared_with, tokens))
        if not one.tokens.shared_with:
            where[one.name] = tokens
            tokens += one.tokens.count
        seen = one.reviewed
        reviewed.append(tokens if seen is None else where.get(seen.shared_with, tokens))
        if seen is not None and not seen.shared_with:
            tokens += seen.count
    return Plan(scenario, tuple(populations), tuple(first), tuple(own), tuple(reviewed), tokens)


def _of_scraper(scenario: Scenario, scraper: Scraper) -> list[Clients]:
    laws = scenario.kubelets
    asks = Clients(
        name=scraper.name,
        count=laws.count,
        tokens=OWN_CREDENTIAL,
        arrivals="none",
        user=scraper.tokens.subject,
        operation=Operation(resource="nodes", subresource=scraper.subresource),
    )
    review = replace(
        asks,
        name=f"{scraper.name}/tokenreviews",
        user=NODE_USER,
        groups=NODE_GROUPS,
        user_agent=laws.user_agent,
        retry=laws.retry,
        qps=laws.qps,
        burst=laws.burst,
        reviewed=scraper.tokens,
        priority_level=laws.priority_level,
        operation=Operation(
            verb="create",
            group="authentication.k8s.io",
            resource="tokenreviews",
            service=laws.review_service,
            etcd=False,
        ),
    )
    access = replace(
        review,
        name=f"{scraper.name}/subjectaccessreviews",
        reviewed=None,
        operation=Operation(
            verb="create",
            group="authorization.k8s.io",
            resource="subjectaccessreviews",
            service=laws.access_service,
            etcd=False,
        ),
    )
    return [asks, review, access]


def shape(plan_: Plan) -> tuple[object, ...]:
    """What the arrays of a run are made for, but for those of ``by_version``."""
    scenario = plan_.scenario
    where = (plan_.first, plan_.token_base, plan_.reviewed_base, plan_.tokens)
    return scenario.servers, scenario.kubelets.count, where, tuple(sigmas(plan_))


def shape_by_version(plan_: Plan) -> tuple[object, ...]:
    """What the arrays of ``by_version`` are made for."""
    plane = plan_.scenario.plane
    cache = tuple(plane.number(name) for name in ("token_cache_stripes", "token_cache_entries"))
    return tuple((level.name, level.queues) for level in plan_.scenario.levels), cache


def weights(tokens: Tokens) -> np.ndarray:
    """Share of each token of a set; they add up to 1."""
    law, _, exponent = tokens.weights.partition(":")
    ranks = np.arange(1, tokens.count + 1, dtype=float)
    share = ranks ** -float(exponent or 1.0) if law == "zipf" else np.ones(tokens.count)
    return np.asarray(share / share.sum())


def constant_delays(plan_: Plan) -> list[float]:
    """Delays that are the same each time; entries of one delay expire in order of entry, whoever they belong to."""
    plane = plan_.scenario.plane
    found = {
        plane.number(name)
        for name in ("handler_timeout_s", "request_timeout_s", "queue_wait_limit_s", "retry_after_s")
    }
    for one in plan_.populations:
        found |= {delay.mean_s for delay in (one.think, one.patience) if delay.law == "constant"}
        if constant_backoff(one):
            found.add(one.retry.base_s)
    found |= {scraper.period_s for scraper in plan_.scenario.scrapers if scraper.evenly}
    return [0.0, *sorted(x for x in found if x is not None and 0.0 < x < at.NEVER)]


def constant_backoff(one: Clients) -> bool:
    """Whether every outer delay of a population is the same."""
    return one.retry.jitter <= 0.0 and (one.retry.factor == 1.0 or one.retry.steps <= 2)  # noqa: PLR2004


def ring_for(w: World, delay: float) -> int:
    """The ring of a constant delay; -1 if there is none, then the heap serves."""
    found = np.flatnonzero(w.ring_delays == delay)
    return int(found[0]) if len(found) else -1


def allocate(plan_: Plan, *, keep_rows: bool = False) -> World:
    """An empty world of the right size."""
    scenario = plan_.scenario
    servers, populations = scenario.servers, max(1, len(plan_.populations))
    bins = int(np.ceil(scenario.horizon_s / scenario.bin_s - 1e-9))
    delays = constant_delays(plan_)
    rings = servers + len(delays)
    slots = 1 << int(np.ceil(np.log2(max(512, plan_.clients))))
    tokens = max(1, plan_.tokens)
    places = 4 * FIRST_RECORDS + 2 * plan_.clients
    return World(
        clock=records(at.CLOCK, 1),
        heap=records(at.AGENDA, places),
        wheel=np.full(WHEEL_SLOTS, at.NOBODY),
        nodes=chained(records(at.NODE, places)),
        rings=records(at.RING, rings),
        ring_times=np.full(rings, np.inf),
        ring_seqs=np.zeros(rings, dtype="i8"),
        ring_delays=np.array([*delays, *[np.nan] * servers]),
        slots=records(at.AGENDA, rings * slots).reshape(rings, slots),
        servers=records(at.SERVER, servers),
        prices=records(at.PRICE, servers * len(CREDENTIALS)).reshape(servers, len(CREDENTIALS)),
        populations=records(at.POPULATION, populations),
        clients=records(at.CLIENT, plan_.clients),
        guards=records(at.GUARD, plan_.clients),
        reviewed=np.zeros(max(1, plan_.clients), dtype="i8"),
        limiters=records(at.LIMITER, plan_.clients),
        calls=chained(records(at.CALL, FIRST_RECORDS)),
        requests=chained(records(at.REQUEST, FIRST_RECORDS)),
        expiry=np.full((servers, tokens), -np.inf),
        flights=records(at.FLIGHT_STATE, servers * tokens).reshape(servers, tokens),
        line=records(at.AGENDA, servers * FIRST_RECORDS).reshape(servers, FIRST_RECORDS),
        scrapers=records(at.SCRAPER, len(scenario.scrapers)),
        kubelets=records(at.KUBELETS, 1),
        visits=records(at.VISIT, max(1, len(scenario.scrapers)) * max(1, scenario.kubelets.count)).reshape(
            max(1, len(scenario.scrapers)), max(1, scenario.kubelets.count)
        ),
        hand=np.zeros(128, dtype="i8"),
        tables=_tables(plan_),
        weights=np.zeros(tokens),
        server_counts=np.zeros((servers, bins, len(SERVER_MEASURES))),
        client_counts=np.zeros((populations, bins, len(CLIENT_MEASURES))),
        rows=records(at.ROW, 8 * FIRST_RECORDS if keep_rows else 1),
        **by_version(plan_),
    )


def by_version(plan_: Plan) -> dict[str, at.Records]:
    """Empty arrays whose size follows from the version: priority levels with their queues, the bounded token cache."""
    scenario, servers = plan_.scenario, plan_.scenario.servers
    levels = max(1, len(scenario.levels))
    queues = max(1, sum(level.queues for level in scenario.levels))
    stripes = max(1, int(known(scenario.plane, "token_cache_stripes")))
    size = max(1, int(known(scenario.plane, "token_cache_entries"))) // stripes or 1
    stripe_of = [(key_of(7, token) * stripes) >> 32 for token in range(max(1, plan_.tokens))]
    found = {
        "levels": records(at.LEVEL, servers * levels).reshape(servers, levels),
        "queues": records(at.QUEUE, servers * queues).reshape(servers, queues),
        "queue_start": np.zeros((servers, queues)),
        "queue_work": np.zeros((servers, queues)),
        "head_work": np.full((servers, queues), -1.0),
        "shares": np.zeros((4, levels)),
        "stripe_keys": np.full((servers, stripes * size), -1, dtype="i8"),
        "stripe_used": np.zeros((servers, stripes * size)),
        "stripe_of": np.array(stripe_of, dtype="i8"),
    }
    found["levels"].last[:] = -1
    return found


def chained(pool: at.Records) -> at.Records:
    """A pool of records, all free, each naming the next."""
    pool.next[:] = np.arange(1, len(pool) + 1)
    return pool


def _delays(plan_: Plan) -> list[Delay]:
    found = [Delay(law="lognormal", mean_s=1.0, sigma=read_sigma(plan_))]
    for one in plan_.populations:
        found += [one.think, one.patience, one.network, one.operation.service]
    return [item for item in found if item.law == "lognormal"]


def known(plane: ControlPlane, name: str) -> float:
    """A parameter that every simulated control plane has (``control_plane.simulated``); 0 if this one does not."""
    found = plane.number(name)
    return 0.0 if found is None else found


def read_sigma(plan_: Plan) -> float:
    """Spread of the time of a loopback read."""
    found = plan_.scenario.plane.number("loopback_read_sigma")
    return 0.5 if found is None else found


def sigmas(plan_: Plan) -> list[float]:
    """Spreads of the lognormal laws in use, one row of quantiles for each."""
    return sorted({item.sigma for item in _delays(plan_)})


def _tables(plan_: Plan) -> np.ndarray:
    """Quantiles of lognormal laws, row by row, scaled to mean 1; the ends stand for their half cells."""
    u = (np.arange(at.QUANTILES + 1)).clip(0.25, at.QUANTILES - 0.25) / at.QUANTILES
    normal = np.array([NormalDist().inv_cdf(float(x)) for x in u])
    rows = np.exp(np.outer(sigmas(plan_), normal))
    means = (rows[:, :-1] + rows[:, 1:]).mean(axis=1, keepdims=True) / 2.0
    return np.ascontiguousarray(rows / means)


def law_of(delay: Delay, plan_: Plan) -> tuple[int, float, int]:
    """Law, mean and row of quantiles of a delay."""
    row = sigmas(plan_).index(delay.sigma) if delay.law == "lognormal" else 0
    return LAWS.index(delay.law), delay.mean_s, row


def retry_bits(one: Clients) -> int:
    """Ends of an attempt that a population retries, as bits in the order of ``RETRYABLE``."""
    return sum(1 << place for place, name in enumerate(RETRYABLE) if name in one.retry.on)


def credential_of(tokens: Tokens) -> int:
    """Number of a kind of credential."""
    return CREDENTIALS.index(tokens.credential)


def priority_of(plan_: Plan, one: Clients) -> int:
    """Number of the priority level of a population's requests."""
    names = [level.name for level in plan_.scenario.levels]
    if not names:
        return 0
    groups = one.groups + (",system:masters" if one.tokens.credential == "masters" else "")
    name = one.priority_level or level_of(
        plan_.scenario.plane,
        user=one.user,
        groups=groups,
        resource=one.operation.resource,
        verb=one.operation.verb,
    )
    return names.index(name) if name in names else len(names) - 1


def prices(plan_: Plan, *, synced: bool) -> list[tuple[float, int, int, int]]:
    """Seconds, reads, accepted and cached by kind of credential."""
    found = (price(plan_.scenario.plane, name, synced=synced) for name in CREDENTIALS)
    return [(one.seconds, one.lookups, int(one.accepted), int(one.cached)) for one in found]
