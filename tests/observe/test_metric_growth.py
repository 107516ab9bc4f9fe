import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.model.observation import Metrics
from snowpit.model.window import Window
from snowpit.observe.metric_points import Scrape, tell_apart
from snowpit.observe.metric_records import monotonic, quantile
from snowpit.observe.metrics import metrics
from snowpit.observe.scope import Scope
from snowpit.store import Tables

SECOND = 1_000_000
SCOPE = Scope(
    window=Window(0, 1),
    attempts=0,
    timed=False,
    backward=0,
    server="",
    servers=0,
    files={},
    stages={},
    server_version=None,
)
COUNTER = "apiserver_request_total"


def row(
    at: float, value: float, *, name: str = COUNTER, kind: str = "counter", **more: object
) -> dict[str, object]:
    return {
        "at": round(at * SECOND),
        "name": name,
        "kind": kind,
        "labels": more.pop("labels", {}),
        "value": value,
        "exposed": name,
        "component": more.pop("component", "kube-apiserver"),
        "server": more.pop("server", "m1"),
        "file": 0,
        "line": 1,
    }


def seen(*rows: dict[str, object]) -> Metrics:
    with Tables() as tables:
        tables.append_to("metrics", rows)
        found = metrics(tables, SCOPE)
    assert found is not None
    return found


def test_without_samples_there_is_no_observation() -> None:
    with Tables() as tables:
        assert metrics(tables, SCOPE) is None


def test_growth_goes_on_after_a_restart() -> None:
    (found,) = seen(*(row(10 * i, value) for i, value in enumerate((100, 150, 20, 50)))).counter(COUNTER)
    assert (found.increase, found.resets, found.total) == (100, 1, 50)
    assert found.rate == pytest.approx(100 / 30)
    assert found.peak_rate == 5.0


def test_a_status_that_appears_while_the_process_is_scraped_counts_from_zero() -> None:
    ok, bad = {"code": "200"}, {"code": "504"}
    found = seen(row(0, 10, labels=ok), row(10, 12, labels=ok), row(10, 30, labels=bad))
    assert found.grown(COUNTER, code="504") == 30
    assert found.grown(COUNTER, code="200") == 2
    assert found.rate(COUNTER) == pytest.approx(3.2)


def test_one_dump_gives_totals_and_no_rates() -> None:
    found = seen(row(0, 10, labels={"code": "504"}))
    assert found.grown(COUNTER) == 10
    assert found.rate(COUNTER) is None


def test_labels_that_do_not_matter_are_added_up_and_dumps_given_twice_are_not() -> None:
    one = row(0, 10, labels={"code": "200", "client": "a"})
    found = seen(one, one, row(0, 5, labels={"code": "200", "client": "b"}))
    assert [item.total for item in found.counter(COUNTER)] == [15]


def test_beyond_the_largest_series_the_rest_is_folded_but_errors_stay() -> None:
    many = [row(0, 100 + i, labels={"code": "200", "resource": f"r{i:02}"}) for i in range(60)]
    found = seen(*many, row(0, 1, labels={"code": "504", "resource": "pods"}))
    assert found.counter(COUNTER, code="504")[0].total == 1
    folded = [item for item in found.counter(COUNTER) if item.others]
    assert [item.others for item in folded] == [31]
    assert found.grown(COUNTER) == sum(100 + i for i in range(60)) + 1


def test_a_gauge_at_its_limit_half_of_the_time_says_so() -> None:
    name = "apiserver_current_inflight_requests"
    values = (3, 200, 200, 10)
    found = seen(
        *(
            row(i, v, name=name, kind="gauge", labels={"request_kind": "mutating"})
            for i, v in enumerate(values)
        )
    )
    (gauge,) = found.gauge(name, request_kind="mutating")
    assert (gauge.first, gauge.last, gauge.low, gauge.high, gauge.at_high) == (3, 10, 3, 200, 0.5)


def test_quantiles_are_those_of_the_growth_and_values_beyond_the_last_bound_are_told() -> None:
    name = "apiserver_request_duration_seconds"

    def histogram(at: float, *counts: float) -> list[dict[str, object]]:
        bounds = ("0.1", "8", "+Inf")
        made = [
            row(at, n, name=name, kind="bucket", labels={"le": b})
            for b, n in zip(bounds, counts, strict=True)
        ]
        return [
            *made,
            row(at, counts[-1], name=name, kind="count"),
            row(at, counts[-1] * 3, name=name, kind="sum"),
        ]

    (found,) = seen(*histogram(0, 1000, 1000, 1000), *histogram(60, 1050, 1050, 1100)).distribution(name)
    assert (found.count, found.mean, found.since_start) == (100, 3.0, False)
    assert (found.p50, found.p99, found.last_bound, found.beyond) == (0.1, 8.0, 8.0, 0.5)


def test_priority_levels_show_seats_use_and_refusals() -> None:
    level = {"priority_level": "system", "flow_schema": "system-nodes"}
    flow = "apiserver_flowcontrol_"
    found = seen(
        row(0, 74, name=f"{flow}nominal_limit_seats", kind="gauge", labels={"priority_level": "system"}),
        row(0, 74, name=f"{flow}current_executing_seats", kind="gauge", labels={"priority_level": "system"}),
        row(0, 12, name=f"{flow}current_inqueue_requests", kind="gauge", labels=level),
        row(0, 9, name=f"{flow}rejected_requests_total", labels={**level, "reason": "time-out"}),
    )
    (use,) = found.levels
    assert (use.level, use.seats, use.in_use, use.queued) == ("system", 74, 74, 12)
    assert use.rejected == {"time-out": 9}


def test_load_on_one_of_three_servers_is_uneven() -> None:
    rows = [
        row(i, i * share, server=server)
        for server, share in (("a", 100), ("b", 1), ("c", 1))
        for i in range(2)
    ]
    found = seen(*rows).evenness[COUNTER]
    assert (found.sources, found.top) == (3, "a")
    assert found.top_share > 0.9


def test_dumps_with_one_start_are_of_one_process_and_a_later_start_is_a_restart() -> None:
    first, second = Scrape(0, 100 * SECOND, 50.0), Scrape(1, 200 * SECOND, 50.01)
    again, other = Scrape(2, 400 * SECOND, 300.0), Scrape(3, 500 * SECOND, 60.0)
    late = Scrape(4, 200_000 * SECOND, 190_000.0)
    assert tell_apart([first, second, again, other, late]) == [[first, second, again], [other], [late]]


def test_processes_without_names_are_numbered() -> None:
    start = "process_start_time_seconds"
    rows = [
        {**row(100 + i, s, name=start, kind="gauge", server=""), "file": i}
        for i, s in enumerate((50.0, 60.0))
    ]
    found = seen(*rows)
    assert [(item.server, item.started) for item in found.instances] == [
        ("#1", 50 * SECOND),
        ("#2", 60 * SECOND),
    ]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=12), st.floats(0, 1))
def test_a_quantile_lies_within_the_finite_bounds_and_grows_with_the_share(
    counts: list[float], share: float
) -> None:
    bounds = [*(float(2**i) for i in range(len(counts) - 1)), float("inf")]
    buckets = monotonic(list(zip(bounds, counts, strict=True)))
    found = quantile(buckets, share)
    assert (found is None) == (buckets[-1][1] <= 0)
    if found is not None:
        assert 0 <= found <= (bounds[-2] if len(bounds) > 1 else 0)
        assert found <= (quantile(buckets, 1.0) or 0)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=8))
def test_growth_of_a_counter_is_what_was_counted_whatever_restarts_came_between(steps: list[int]) -> None:
    total, rows = 0, [row(0, 7)]
    value = 7
    for i, step in enumerate(steps, 1):
        restart = step % 5 == 0 and step < value
        value = step if restart else value + step
        total += step
        rows.append(row(i, value))
    (found,) = seen(*rows).counter(COUNTER)
    assert found.increase == total


def test_dumps_of_different_releases_are_not_of_one_process() -> None:
    old, new = Scrape(0, 100 * SECOND, 50.0, "v1.12.4"), Scrape(1, 400 * SECOND, 300.0, "v1.13.5")
    untold = Scrape(2, 500 * SECOND, 300.0)
    assert tell_apart([old, new, untold]) == [[old], [new, untold]]


def test_releases_that_dumps_tell_number_their_processes() -> None:
    rows = [
        {**row(at, value, name=name, kind="gauge", server="", labels=labels), "file": file}
        for file, at, start, version in ((0, 100, 50.0, "v1.12.4"), (1, 400, 300.0, "v1.13.5"))
        for name, value, labels in (
            ("process_start_time_seconds", start, {}),
            ("kubernetes_build_info", 1.0, {"git_version": version}),
        )
    ]
    with Tables() as tables:
        tables.append_to("metrics", rows)
        metrics(tables, SCOPE)
        assert tables.run("SELECT server FROM metric_processes ORDER BY file") == [("#1",), ("#2",)]
