"""Parameters of a scenario written into a world, at its start and whenever an event changes one."""

from snowpit.cluster.workload import ARRIVALS, Clients
from snowpit.mechanism import priority_levels, width
from snowpit.simulate.engine import layout as at
from snowpit.simulate.engine.layout import World
from snowpit.simulate.world import (
    Plan,
    constant_backoff,
    credential_of,
    known,
    law_of,
    prices,
    priority_of,
    read_sigma,
    retry_bits,
    ring_for,
    sigmas,
)

LEAST_PAUSE_S = 0.001
"""Retry-After of zero would let a client ask without end in one instant."""

ORDERS = ("fifo", "lifo", "codel")


def write(w: World, plan: Plan) -> None:
    """Write all parameters; state stays as it is."""
    _write_clock(w, plan)
    for s in range(plan.scenario.servers):
        write_server(w, plan, s)
    for p, one in enumerate(plan.populations):
        _write_population(w, plan, p, one)
    _write_scrapers(w, plan)


def _write_clock(w: World, plan: Plan) -> None:
    clock, switches = w.clock[0], plan.scenario.switches
    clock.dead_fills = int(switches.dead_work_fills_cache)
    clock.cancels = int(switches.cancel_abandoned)
    clock.order = ORDERS.index(switches.limiter_order)
    clock.refuses_hopeless = int(switches.refuse_hopeless)
    clock.exact = int(switches.heartbeats_exact)
    clock.fan_out = plan.scenario.kubelets.count + 64
    clock.stripe_size = w.stripe_keys.shape[1] // max(
        1, int(known(plan.scenario.plane, "token_cache_stripes"))
    )
    laws = plan.scenario.kubelets
    w.kubelets[0].count = laws.count
    w.kubelets[0].ok_ttl = laws.ok_ttl_s
    w.kubelets[0].failed_ttl = laws.failed_ttl_s
    w.kubelets[0].allowed_ttl = laws.allowed_ttl_s
    w.kubelets[0].keeps_errors = int(laws.keeps_errors)
    w.kubelets[0].coalesces = int(laws.coalesces)
    w.kubelets[0].authorizes = int(laws.authorizes)


def write_server(w: World, plan: Plan, s: int) -> None:
    """Parameters of one API server."""
    plane, server = plan.scenario.plane, w.servers[s]

    def limit(name: str) -> float:
        found = plane.number(name)
        return at.NEVER if found is None or found < 0 else found

    server.qps = known(plane, "loopback_qps")
    server.burst = max(1.0, known(plane, "loopback_burst"))
    server.read_law, server.read_mean = at.LOGNORMAL, known(plane, "loopback_read_s")
    server.read_table = sigmas(plan).index(read_sigma(plan))
    server.handler_limit = limit("handler_timeout_s")
    server.filter_limit = limit("request_timeout_s")
    server.success_ttl = known(plane, "token_cache_success_ttl_s")
    server.failure_ttl = known(plane, "token_cache_failure_ttl_s")
    server.lookup_limit = known(plane, "lookup_limit_s")
    server.retry_after = max(LEAST_PAUSE_S, known(plane, "retry_after_s"))
    server.queue_wait = limit("queue_wait_limit_s")
    server.mutating_limit = plane.limit("mutating")
    server.readonly_limit = plane.limit("readonly")
    server.coalesces = int(bool(plane.flag("token_cache_coalesces")))
    server.frees_on_disconnect = int(bool(plane.flag("disconnect_frees_seat")))
    server.stamps_arrival = int(bool(plane.flag("audit_clock_includes_authentication")))
    server.fair = int(bool(plan.scenario.levels))
    server.bounded = int(_bounded(w, plan))
    server.ring = len(w.rings) - plan.scenario.servers + s
    server.filter_ring, server.handler_ring = (
        ring_for(w, server.filter_limit),
        ring_for(w, server.handler_limit),
    )
    server.queue_ring = ring_for(w, server.queue_wait)
    for credential, (now, starting) in enumerate(
        zip(prices(plan, synced=True), prices(plan, synced=False), strict=True)
    ):
        cell = w.prices[s, credential]
        cell.seconds, cell.reads, cell.accepted, cell.cached = now
        cell.unsynced_reads = starting[1]
    _write_levels(w, plan, s)


def _bounded(w: World, plan: Plan) -> bool:
    """Whether any stripe of the token cache could overflow."""
    entries = known(plan.scenario.plane, "token_cache_entries")
    fullest = max((list(w.stripe_of).count(x) for x in set(w.stripe_of)), default=0)
    return entries > 0 and fullest > w.clock[0].stripe_size


def _write_levels(w: World, plan: Plan, s: int) -> None:
    plane, levels = plan.scenario.plane, plan.scenario.levels
    total = plane.limit("mutating") + plane.limit("readonly")
    shares = sum(max(0, level.shares) for level in levels)
    queue = 0
    for i, level in enumerate(levels):
        v = w.levels[s, i]
        nominal = priority_levels.nominal_seats(total, max(0, level.shares), shares)
        bounds = priority_levels.bounds(nominal, level.lendable_percent, level.borrow_percent, total)
        v.exempt, v.nominal, v.least, v.most = (
            int(level.shares < 0),
            bounds.nominal,
            bounds.least,
            bounds.most,
        )
        v.limit = nominal
        v.first_queue, v.queues, v.queue_length = queue, level.queues, level.queue_length
        v.hand = max(1, min(level.hand_size, max(1, level.queues)))
        queue += level.queues


def _write_population(w: World, plan: Plan, p: int, one: Clients) -> None:
    x, retry = w.populations[p], one.retry
    x.first, x.count = plan.first[p], one.count
    x.think_law, x.think_mean, x.think_table = law_of(one.think, plan)
    x.patience_law, x.patience_mean, x.patience_table = law_of(one.patience, plan)
    x.network_law, x.network_mean, x.network_table = law_of(one.network, plan)
    x.service_law, x.service_mean, x.service_table = law_of(one.operation.service, plan)
    x.rate, x.arrivals = one.rate_per_s, ARRIVALS.index(one.arrivals)
    x.inner_tries, x.steps, x.first_delay, x.factor = (
        retry.inner_tries,
        retry.steps,
        retry.base_s,
        retry.factor,
    )
    x.jitter, x.cap, x.bound, x.on = retry.jitter, retry.cap_s, retry.bound_s, retry_bits(one)
    x.budget_share, x.breaker_failures, x.breaker_rest = (
        retry.budget_share,
        retry.breaker_failures,
        retry.breaker_rest_s,
    )
    x.mutating, x.etcd = int(one.operation.mutating), int(one.operation.etcd)
    x.operation = at.REVIEW if one.reviewed is not None else at.PLAIN
    x.credential, x.masters = credential_of(one.tokens), int(one.tokens.credential == "masters")
    x.token_base, x.token_count = plan.token_base[p], one.tokens.count
    x.reviewed_credential = credential_of(one.reviewed) if one.reviewed else 0
    x.level = priority_of(plan, one)
    shape = (
        width.list_width(one.operation.objects)
        if plan.scenario.plane.flag("seats_per_list")
        else width.ORDINARY
    )
    x.seats, x.final_seats, x.final_s = shape
    x.light = int(one.name == "heartbeats")
    x.think_ring = ring_for(w, x.think_mean) if x.think_law == at.CONSTANT else -1
    x.patience_ring = ring_for(w, x.patience_mean) if x.patience_law == at.CONSTANT else -1
    x.resend_ring = ring_for(w, known(plan.scenario.plane, "retry_after_s"))
    x.backoff_ring = ring_for(w, x.first_delay) if constant_backoff(one) else -1


def _write_scrapers(w: World, plan: Plan) -> None:
    for i, one in enumerate(plan.scenario.scrapers):
        x = w.scrapers[i]
        p = len(plan.scenario.clients) + 3 * i
        x.period, x.spread, x.timeout = one.period_s, one.spread_s, one.timeout_s
        x.population, x.reviews, x.access = p, p + 1, p + 2
        x.evenly, x.ring = int(one.evenly), ring_for(w, one.period_s)
        x.needs_review = int(one.tokens.credential not in ("certificate", "masters", "front_proxy"))
        for population in (p, p + 1, p + 2):
            w.populations[population].scraper = i
