"""What metrics tell of each process; see ``metric_points`` for how samples are prepared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from snowpit.model.observation import Counter, Evenness, Gauge, Instance, LevelUse, Metrics
from snowpit.observe import metric_records as records
from snowpit.observe.figures import evenness
from snowpit.observe.metric_points import SAME_START_S, prepare_points
from snowpit.observe.scope import Scope
from snowpit.store import Tables

APISERVER = "kube-apiserver"
FLOW = "apiserver_flowcontrol_"
_INSTANCES = 5000
_SPREAD = (
    "apiserver_current_inflight_requests",
    "apiserver_longrunning_requests",
    "process_resident_memory_bytes",
)
_SPREAD_RATES = ("apiserver_request_total", "process_cpu_seconds_total")


def metrics(tables: Tables, scope: Scope) -> Metrics | None:
    """Gauges, counters and distributions that processes expose, by component and server; null without any.

    Unit: those of the metric: seconds, bytes, counts; rates per second.

    Assumptions: a counter that falls was started anew; a counter that appears while its process is being scraped was 0
    before; dumps without a server's name and with one start time are of one process.

    How computed: series are added up over labels that do not matter; growth between two instants is added over all of
    them; quantiles by straight lines within a bucket, over the growth of the buckets where there are several instants.
    A family shows the 30 largest series of each process, statuses from 400 first.

    Cannot see: what happened between two instants; who asked, since metrics name no client; a gauge between scrapes.

    Source: Prometheus ``promql/quantile.go`` and ``promql/functions.go`` (rate); meanings in ``knowledge/metrics``.
    """
    if not prepare_points(tables):
        return None
    made = Metrics(
        instances=_instances(tables),
        gauges=records.gauges(tables, scope.files),
        counters=records.counters(tables, scope.files),
        distributions=records.distributions(tables, scope.files),
    )
    return Metrics(
        instances=made.instances,
        gauges=made.gauges,
        counters=made.counters,
        distributions=made.distributions,
        levels=_levels(made),
        evenness=_evenness(made),
    )


def _instances(tables: Tables) -> tuple[Instance, ...]:
    """Every process that was scraped."""
    starts = _starts(tables)
    versions = {
        (row[0], row[1]): row[2]
        for row in tables.run(
            "SELECT component, server, arg_max(key[1].value, coalesce(instant, 0)) FROM metric_points"
            " WHERE name IN ('kubernetes_build_info', 'etcd_server_version') AND len(key) > 0"
            f" GROUP BY component, server ORDER BY component, server LIMIT {_INSTANCES}"
        )
    }
    return tuple(
        Instance(
            component=component,
            server=server,
            version=versions.get((component, server), ""),
            instants=instants,
            first_at=start,
            last_at=finish,
            started=round(starts[component, server][-1] * 1e6) if starts.get((component, server)) else None,
            restarts=max(len(starts.get((component, server), ())) - 1, 0),
        )
        for component, server, instants, start, finish in tables.run(
            "SELECT component, server, instants, start, finish FROM metric_begun"
            f" ORDER BY component <> '{APISERVER}', component, server LIMIT {_INSTANCES}"
        )
    )


def _starts(tables: Tables) -> Mapping[tuple[str, str], Sequence[float]]:
    """When each process was started, every start once, in seconds since the epoch."""
    starts: dict[tuple[str, str], list[float]] = defaultdict(list)
    for component, server, value in tables.run(
        "SELECT component, server, value FROM metric_points WHERE name = 'process_start_time_seconds'"
        " ORDER BY component, server, instant, file LIMIT 100000"
    ):
        seen = starts[component, server]
        if not seen or abs(seen[-1] - value) > SAME_START_S:
            seen.append(value)
    return starts


def _levels(made: Metrics) -> tuple[LevelUse, ...]:
    """Use of every priority level, by server."""
    found: set[tuple[str, str]] = set()
    records_of_levels: tuple[Gauge | Counter, ...] = (*made.gauges, *made.counters)
    for item in records_of_levels:
        if item.name.startswith(FLOW) and item.component == APISERVER and "priority_level" in item.labels:
            found.add((item.server, item.labels["priority_level"]))
    return tuple(_level(made, server, level=level) for server, level in sorted(found))


def _level(made: Metrics, server: str, *, level: str) -> LevelUse:
    """Use of one priority level at one server."""

    def of(name: str) -> Sequence[Gauge]:
        gauges = made.gauge(FLOW + name, APISERVER, priority_level=level)
        return [item for item in gauges if item.server == server]

    def counters(name: str) -> Sequence[Counter]:
        found = made.counter(FLOW + name, APISERVER, priority_level=level)
        return [item for item in found if item.server == server]

    seats, lent = of("nominal_limit_seats"), of("current_limit_seats")
    used = of("current_executing_seats") or of("current_executing_requests")
    busiest = max(used, key=lambda item: item.high, default=None)
    rejected: dict[str, float] = defaultdict(float)
    for item in counters("rejected_requests_total"):
        rejected[item.labels.get("reason", "")] += item.counted
    waits = [
        item.p99
        for item in made.distribution(f"{FLOW}request_wait_duration_seconds", APISERVER, priority_level=level)
        if item.server == server and item.p99 is not None
    ]
    return LevelUse(
        server=server,
        level=level,
        seats=seats[0].last if seats else None,
        lent_seats=lent[0].last if lent else None,
        in_use=sum(item.high for item in used),
        queued=sum(item.high for item in of("current_inqueue_requests")),
        dispatched=sum(item.counted for item in counters("dispatched_requests_total")),
        rejected={reason: value for reason, value in sorted(rejected.items()) if value > 0},
        wait_p99_s=max(waits, default=None),
        pointer=busiest.pointer if busiest else None,
    )


def _evenness(made: Metrics) -> Mapping[str, Evenness]:
    """How evenly load is spread over API servers; nothing for a single one."""
    servers = {item.server for item in made.instances if item.component == APISERVER}
    if len(servers) < 2:  # noqa: PLR2004 - one server has no spread
        return {}
    pairs: dict[str, list[tuple[str, float]]] = {}
    for name in _SPREAD:
        pairs[name] = [(item.server, item.high) for item in made.gauge(name, APISERVER)]
    for name in _SPREAD_RATES:
        pairs[name] = [(item.server, item.counted) for item in made.counter(name, APISERVER)]
    return {name: _spread(values, servers) for name, values in pairs.items() if values}


def _spread(values: Iterable[tuple[str, float]], servers: Iterable[str]) -> Evenness:
    added: dict[str, float] = dict.fromkeys(servers, 0.0)
    for server, value in values:
        added[server] += value
    return evenness((server, round(value)) for server, value in added.items())
