"""A scenario written as a file and read back is the same scenario."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.cluster import scenario_file, tables
from snowpit.cluster.change import apply
from snowpit.cluster.control_plane import Sourced
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_write import dumps
from snowpit.cluster.workload import CREDENTIALS, Clients, Delay, Operation, Retry, Tokens
from snowpit.errors import ScenarioError

SECONDS = st.floats(min_value=0.0, max_value=1e6, allow_nan=False).map(lambda value: round(value, 9))
COUNTS = st.integers(min_value=1, max_value=100_000)
WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30)
DELAYS = st.builds(
    Delay, law=st.sampled_from(("constant", "exponential", "uniform", "lognormal")), mean_s=SECONDS
)
POPULATIONS = st.builds(
    Clients,
    name=st.just("more"),
    count=COUNTS,
    user_agent=WORDS,
    tokens=st.builds(
        Tokens,
        credential=st.sampled_from(CREDENTIALS),
        count=COUNTS,
        weights=st.sampled_from(("uniform", "zipf:1.25")),
    ),
    think=DELAYS,
    patience=st.one_of(DELAYS, st.just(Delay(mean_s=float("inf")))),
    operation=st.builds(
        Operation,
        verb=st.sampled_from(("get", "update", "watch")),
        group=st.sampled_from(("", "apps")),
        subresource=st.sampled_from(("", "status")),
        namespace=st.sampled_from(("", "batch")),
        service=DELAYS,
        objects=COUNTS,
        etcd=st.booleans(),
    ),
    retry=st.builds(Retry, steps=COUNTS, base_s=SECONDS, bound_s=st.one_of(SECONDS, st.just(float("inf")))),
    reconnects=st.booleans(),
)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("clients.apps.count"), COUNTS),
        st.tuples(st.just("kubelets.ok_ttl"), SECONDS),
        st.tuples(st.just("scrapers.metrics-server.period"), st.floats(min_value=5.0, max_value=600.0)),
        st.tuples(st.just("loopback_qps"), st.floats(min_value=0.1, max_value=1e4)),
        st.tuples(st.just("max_mutating_requests_inflight"), COUNTS),
        st.tuples(st.just("request_timeout_s"), SECONDS),
        st.tuples(st.just("queue_wait_limit_s"), SECONDS),
        st.tuples(st.just("service_account_lookup"), st.booleans()),
        st.tuples(st.just("switches.limiter_order"), st.sampled_from(("fifo", "lifo", "codel"))),
        st.tuples(st.just("servers"), st.integers(min_value=1, max_value=9)),
        st.tuples(st.just("horizon"), st.just("7.5h")),
    ),
    max_size=6,
)


def plain(scenario: Scenario) -> Scenario:
    """The scenario with its parameters' values alone, whatever file they came from."""
    told = {name: Sourced(value.value, "", "", "") for name, value in scenario.plane.values.items()}
    return replace(scenario, plane=replace(scenario.plane, values=told))


def again(scenario: Scenario) -> Scenario:
    return scenario_file.parse(dumps(scenario).encode(), place="written")


@pytest.mark.parametrize("name", tables.preset_names())
def test_each_preset_is_read_back_as_it_is(name: str) -> None:
    scenario = scenario_file.load(name)
    assert plain(again(scenario)) == plain(scenario)


@settings(deadline=None, max_examples=60)
@given(
    name=st.sampled_from(("incident-1.12", "healthy-1.18", "healthy-1.22", "fleet-1.12")),
    changes=CHANGES,
    more=st.lists(POPULATIONS, max_size=1),
    title=WORDS,
)
def test_changed_scenarios_are_read_back_as_they_are(
    name: str, changes: list[tuple[str, str | int | float]], more: list[Clients], title: str
) -> None:
    scenario = scenario_file.load(name)
    for key, value in changes:
        scenario = apply(scenario, key, value)
    scenario = replace(scenario, title=title, clients=(*scenario.clients, *more))
    assert plain(again(scenario)) == plain(scenario)


def test_notes_stand_behind_their_values_and_cannot_break_out_of_the_comment() -> None:
    text = dumps(
        scenario_file.load("incident-1.12"),
        {"clients.apps.count": "assumed\nevil = 1 \x1b[2J", "clients.apps.tokens.count": "measured"},
    )
    assert "count = 1400  # assumed evil = 1 [2J\n" in text
    assert "tokens = { count = 100 }  # measured\n" in text
    assert again(scenario_file.load("incident-1.12")).name == "incident-1.12"


def test_an_unknown_version_is_refused() -> None:
    scenario = scenario_file.load("incident-1.12")
    with pytest.raises(ScenarioError, match="unknown version"):
        dumps(replace(scenario, plane=replace(scenario.plane, version=None)))
