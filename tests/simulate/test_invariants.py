"""What holds in every run: compiled and plain Python agree, one seed gives one result, nothing is lost, seats are bounded."""

import inspect
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from snowpit.cluster import scenario_file
from snowpit.cluster.scenario import Scenario
from snowpit.model.request import STORED
from snowpit.model.sample import Run
from snowpit.simulate import compiled, simulate

RECEIVED, FINISHED, CODE = (
    [one.name for one in STORED].index(name) for name in ("received", "finished", "code")
)
VERSIONS = ("1.12.4", "1.14.0", "1.18.0", "1.22.0", "1.34.0")
EVENTS = (
    "",
    'action = "restart"\ndown = "2s"\nspread = "1s"',
    'action = "upgrade"\nversion = "1.17.0"\ndown = "2s"\nspread = "1s"',
    'action = "stop"\nclients = "apps"',
    'action = "shed"\nclients = "apps"\nshare = 0.5',
    'action = "slow_etcd"\nfactor = 5.0\nfor = "3s"',
    'action = "backlog"\nlookups = 200',
    'action = "burst"\nclients = "apps"\nrequests = 100\nspread = "1s"',
    'action = "set"\nkey = "max_requests_inflight"\nvalue = 3',
    'action = "lose"\nserver = 1\nspread = "1s"',
)
SWITCHES = (
    "",
    "cancel_abandoned = true",
    'limiter_order = "lifo"',
    'limiter_order = "codel"',
    "refuse_hopeless = true",
    "dead_work_fills_cache = false",
)
FEW = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def text(version: str, event: str, *, switch: str, patience: str, seats: int, network: str) -> str:
    """A small scenario with every kind of client, kubelets and one happening."""
    happening = f'[[events]]\nat = "6s"\n{event}\n' if event else ""
    return f"""
name = "small"
servers = 2
horizon = "20s"
bin = "1s"
[control_plane]
version = "{version}"
max_mutating_requests_inflight = {seats}
max_requests_inflight = {seats}
loopback_qps = 5
loopback_burst = 10
[switches]
{switch}
[kubelets]
count = 20
[[scrapers]]
name = "metrics-server"
version = "0.3.1"
credential = "legacy_token"
period = "5s"
[[clients]]
name = "apps"
count = 30
credential = "legacy_token"
tokens = 10
think = "exponential:2s"
patience = "{patience}"
network = "{network}"
retry = {{ steps = 5, base = "0.5s", jitter = 0.5 }}
operation = "get pods in default"
service = "lognormal:30ms:0.5"
reconnects = true
[[clients]]
name = "controllers"
count = 10
credential = "certificate"
think = "exponential:0.2s"
patience = "never"
retry = {{ inner_tries = 3 }}
operation = "update replicasets.apps/status in default"
service = "exponential:100ms"
{happening}"""


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Small scenarios."""
    made = text(
        draw(st.sampled_from(VERSIONS)),
        draw(st.sampled_from(EVENTS)),
        switch=draw(st.sampled_from(SWITCHES)),
        patience=draw(st.sampled_from(("never", "1s", "exponential:2s"))),
        seats=draw(st.sampled_from((2, 10, 100))),
        network=draw(st.sampled_from(("0s", "exponential:5ms"))),
    )
    return scenario_file.parse(made.encode(), place="small")


def traced(scenario: Scenario, seed: int, *, plain: bool = False) -> tuple[Run, list[tuple[Any, ...]]]:
    """A run and its rows."""
    rows: list[tuple[Any, ...]] = []
    return simulate(scenario, seed=seed, keep_requests=rows.extend, plain=plain), rows


@settings(FEW, max_examples=5, phases=[Phase.generate])  # plain Python takes milliseconds an event
@given(scenarios(), st.integers(0, 1000))
def test_compiled_and_plain_run_leave_the_same_trace(scenario: Scenario, seed: int) -> None:
    scenario = replace(scenario, horizon_s=9.0)
    compiled_run, rows = traced(scenario, seed)
    plain_run, plain_rows = traced(scenario, seed, plain=True)
    assert rows
    assert rows == plain_rows
    assert compiled_run == plain_run


@pytest.mark.parametrize(
    ("version", "event", "switch"),
    [(version, event, "") for version in ("1.12.4", "1.34.0") for event in EVENTS]
    + [("1.12.4", EVENTS[6], switch) for switch in SWITCHES[1:]],
)
def test_compiled_and_plain_run_agree_for_every_happening_and_switch(
    version: str, event: str, switch: str
) -> None:
    made = text(version, event, switch=switch, patience="1s", seats=10, network="exponential:5ms")
    scenario = replace(scenario_file.parse(made.encode(), place="small"), horizon_s=8.0)
    compiled_run, rows = traced(scenario, 7)
    plain_run, plain_rows = traced(scenario, 7, plain=True)
    assert rows == plain_rows
    assert compiled_run == plain_run


@FEW
@given(scenarios(), st.integers(0, 1000))
def test_one_seed_gives_one_result_and_another_seed_another(scenario: Scenario, seed: int) -> None:
    assert traced(scenario, seed) == traced(scenario, seed)
    assert traced(scenario, seed)[1] != traced(scenario, seed + 1)[1]


@settings(FEW, max_examples=20)
@given(scenarios(), st.integers(0, 1000))
def test_no_answer_comes_before_its_request_and_no_state_is_negative(scenario: Scenario, seed: int) -> None:
    run, rows = traced(scenario, seed)
    assert run.overflow == ""
    assert all(row[FINISHED] >= row[RECEIVED] for row in rows)
    assert all(value >= 0 for server in run.samples.servers for column in server.values() for value in column)


@pytest.mark.parametrize("version", ["1.12.4", "1.18.0"])
@pytest.mark.parametrize("seats", [1, 2, 5])
@pytest.mark.parametrize("event", EVENTS[:7])
def test_seats_never_exceed_the_limit_and_the_limit_is_met(version: str, seats: int, event: str) -> None:
    made = text(version, event, switch="", patience="never", seats=seats, network="0s")
    run, _ = traced(scenario_file.parse(made.encode(), place="small"), 1)
    columns = [
        server[name] for server in run.samples.servers for name in ("seats_mutating", "seats_readonly")
    ]
    held = [value for column in columns for value in column]
    assert max(held) <= seats
    assert max(held) >= min(seats, 2)


@settings(FEW, max_examples=20)
@given(st.sampled_from(VERSIONS), st.sampled_from((2, 100)), st.integers(0, 1000))
def test_every_attempt_is_answered_or_still_inside(version: str, seats: int, seed: int) -> None:
    made = text(version, "", switch="", patience="never", seats=seats, network="0s")
    run, rows = traced(scenario_file.parse(made.encode(), place="small"), seed)
    total = {
        name: sum(sum(server[name]) for server in run.samples.servers) for name in run.samples.servers[0]
    }
    ends = sum(total[name] for name in ("rejected", "timed_out", "unauthorized", "answered"))
    assert total["offered"] == ends + run.counts["requests_inside"]
    assert total["offered"] == len(rows) + run.counts["requests_inside"]
    assert total["rejected"] == sum(row[CODE] == 429 for row in rows)


def test_digest_changes_with_the_source_of_a_mechanism(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Path(compiled.__file__).parent.parent
    for folder in ("simulate", "mechanism"):
        shutil.copytree(package / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = compiled.digest()
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "simulate" / "compiled.py"))
    assert compiled.digest() == before
    bucket = tmp_path / "mechanism" / "token_bucket.py"
    bucket.write_text(bucket.read_text() + "\n")
    assert compiled.digest() != before


def test_compiler_still_knows_to_leave_reference_counting_out() -> None:
    assert "_nrt" in inspect.getsource(numba.core.options)
    assert numba.njit(_nrt=False)(abs_of)(-2) == 2  # type: ignore[call-overload]


def abs_of(x: int) -> int:
    """Something to compile."""
    return x if x > 0 else -x


def test_other_mutating_limit_changes_nothing_in_a_healthy_run() -> None:
    made = text("1.12.4", "", switch="", patience="never", seats=100, network="0s")
    first = scenario_file.parse(made.encode(), place="small")
    more = scenario_file.parse(made.encode(), place="small", overrides=["max_mutating_requests_inflight=200"])
    run, rows = traced(first, 1)
    assert sum(run.samples.servers[0]["rejected"]) == 0
    assert traced(more, 1)[1] == rows
