"""Closed forms against the laws they are made of, the published thresholds, and the presets."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.cluster.change import apply
from snowpit.cluster.control_plane import simulated
from snowpit.cluster.scenario import Scenario, Switches
from snowpit.cluster.scenario_file import load
from snowpit.cluster.workload import Clients, Delay, Kubelets, Retry, Scraper, Tokens
from snowpit.errors import ScenarioError
from snowpit.forecast.closed import ClosedForm, closed_form
from snowpit.forecast.populations import askers, cache_of
from snowpit.knowledge.version import Version
from snowpit.mechanism.limiter_laws import critical_backlog, demand
from snowpit.model.forecast import Present, State


def cluster(*clients: Clients, nodes: int = 0, version: str = "1.12.4", **parts: object) -> Scenario:
    """A control plane with these clients and, if there are nodes, a scraper with a token."""
    scrapers = (Scraper(name="metrics-server"),) if nodes else ()
    kubelets = replace(Kubelets(count=nodes), retry=Retry(steps=5))
    base = Scenario(
        name="made",
        plane=simulated(Version.parse(version)),
        clients=clients,
        kubelets=kubelets,
        scrapers=scrapers,
    )
    return replace(base, **parts)  # type: ignore[arg-type]


def apps(count: int = 2000, number: int = 100, *, patience: float = 30.0, **parts: object) -> Clients:
    """Clients with think time 20 s that try again after a second."""
    base = Clients(
        name="apps",
        count=count,
        tokens=Tokens(count=number),
        think=Delay(law="exponential", mean_s=20.0),
        patience=Delay(mean_s=patience),
        retry=Retry(steps=1000, base_s=1.0),
    )
    return replace(base, **parts)  # type: ignore[arg-type]


def stream(rate: float, tokens: int, credential: str = "legacy_token") -> Clients:
    """Open arrivals."""
    made = Tokens(count=tokens, credential=credential)
    return replace(apps(), arrivals="open", rate_per_s=rate, tokens=made)


def test_open_arrivals_follow_the_law_of_the_limiter() -> None:
    found = closed_form(cluster(stream(100.0, 100)))
    assert found.healthy_demand == pytest.approx(demand(0.0, 100.0, tokens=100))
    assert found.critical_backlog == pytest.approx(critical_backlog(100.0, 50.0, tokens=100), rel=1e-6)


@pytest.mark.parametrize(("rate", "state"), [(45.0, State.HEALTHY), (60.0, State.VULNERABLE)])
def test_a_bad_state_needs_more_than_a_request_a_second_and_limiter_token(rate: float, state: State) -> None:
    assert closed_form(cluster(stream(rate, 100))).state is state  # 2 r / c = 50


@pytest.mark.parametrize(("tokens", "state"), [(240, State.VULNERABLE), (260, State.OVERLOADED)])
def test_too_many_tokens_overload_a_limiter_without_trigger(tokens: int, state: State) -> None:
    assert closed_form(cluster(stream(5_000.0, tokens))).state is state  # c K / TTL = 50 at K = 250


def test_far_in_the_bad_state_clients_ask_once_a_patience_and_backoff() -> None:
    found = closed_form(cluster(apps(1550)))
    assert found.far_demand == pytest.approx(50.0, rel=0.02)  # (c / 2) n / (T + b)


@pytest.mark.parametrize(
    ("nodes", "limit", "state"),
    [
        (280, 5000, State.HEALTHY),
        (320, 5000, State.VULNERABLE),
        (1200, 700, State.HEALTHY),
        (1200, 800, State.VULNERABLE),
    ],
)
def test_reviews_alone_sustain_it_only_if_dead_work_fills_no_cache(
    nodes: int, limit: int, state: State
) -> None:
    scenario = cluster(nodes=nodes, switches=Switches(dead_work_fills_cache=False))
    found = closed_form(apply(scenario, "max_mutating_requests_inflight", limit))
    assert found.state is state  # n J R / S > r / c and M > r T / c
    assert found.seats_limit == 750.0


def test_one_token_alone_heals() -> None:
    found = closed_form(load("single-token-1.12"))
    assert found.state is State.HEALTHY
    assert "One token alone heals" in found.because


@pytest.mark.parametrize(
    ("preset", "state"),
    [
        ("incident-1.12", State.VULNERABLE),
        ("healthy-1.14", State.HEALTHY),
        ("healthy-1.17", State.HEALTHY),
        ("healthy-1.34", State.HEALTHY),
        ("fleet-1.12", State.OVERLOADED),
    ],
)
def test_presets(preset: str, state: State) -> None:
    assert closed_form(load(preset)).state is state


def test_the_trigger_of_the_incident_is_beyond_the_edge() -> None:
    assert closed_form(load("incident-1.12"), now=True).state is State.SELF_SUSTAINING
    assert closed_form(load("incident-1.12-no-burst"), now=True).state is State.VULNERABLE


@pytest.mark.parametrize(("backlog", "state"), [(10.0, State.VULNERABLE), (5000.0, State.SELF_SUSTAINING)])
def test_a_present_backlog_is_held_against_the_edge(backlog: float, state: State) -> None:
    found = closed_form(load("incident-1.12-no-burst"), present=Present(backlog=backlog), now=True)
    assert found.state is state


@pytest.mark.parametrize(("rate", "state"), [(40.0, State.HEALTHY), (60.0, State.OVERLOADED)])
def test_tokens_that_are_refused_cost_a_look_up_each_time(rate: float, state: State) -> None:
    assert closed_form(cluster(stream(rate, 5, "deleted_token"))).state is state


def test_clients_that_wait_for_each_answer_make_a_short_queue_and_no_overload() -> None:
    one = apps(1, 1, think=Delay(mean_s=0.0), tokens=Tokens(credential="deleted_token"))
    assert closed_form(cluster(one)).state is State.HEALTHY


def test_calls_that_need_more_seats_than_there_are_overload() -> None:
    busy = replace(
        stream(5000.0, 1, "certificate"), operation=replace(apps().operation, service=Delay(mean_s=1.0))
    )
    found = closed_form(cluster(busy))
    assert found.state is State.OVERLOADED
    assert "readonly" in found.because


def test_published_models_have_no_forecast() -> None:
    with pytest.raises(ScenarioError):
        closed_form(load("stability-retry-storm"))


def test_more_servers_mean_less_demand_on_each() -> None:
    one, three = (closed_form(replace(cluster(apps()), servers=number)) for number in (1, 3))
    assert three.healthy_demand < one.healthy_demand
    assert three.peak_demand < one.peak_demand


SEVERITY = (State.HEALTHY, State.VULNERABLE, State.OVERLOADED)


def severity(found: ClosedForm) -> int:
    return SEVERITY.index(found.state)


@given(st.integers(2, 5000), st.integers(2, 600), st.floats(1.0, 3.0))
def test_more_clients_never_make_it_better(clients: int, tokens: int, factor: float) -> None:
    before, after = (closed_form(cluster(apps(n, tokens))) for n in (clients, int(clients * factor) + 1))
    assert after.healthy_demand >= before.healthy_demand * (1.0 - 1e-9)
    assert severity(after) >= severity(before) or min(clients, tokens) < 2


@given(
    st.floats(0.0, 3600.0),
    st.integers(1, 3000),
    st.integers(1, 400),
    st.sampled_from(["uniform", "zipf:1.1"]),
)
def test_demand_is_finite_and_never_negative(wait: float, clients: int, tokens: int, weights: str) -> None:
    scenario = cluster(apps(clients, 1, tokens=Tokens(count=tokens, weights=weights)), nodes=200)
    cache = cache_of(scenario)
    for asker in askers(scenario):
        assert 0.0 <= asker.lookups_per_s(wait, cache) < float("inf")


@given(st.floats(1.0, 500.0), st.integers(1, 300))
def test_shared_look_ups_never_ask_for_more_than_one_a_time_to_live(rate: float, tokens: int) -> None:
    scenario = cluster(stream(rate, tokens))
    cache = replace(cache_of(scenario), coalesces=True)
    asked = sum(asker.lookups_per_s(0.0, cache) for asker in askers(scenario))
    assert asked <= 2 * tokens / 10.0 + 1e-9
