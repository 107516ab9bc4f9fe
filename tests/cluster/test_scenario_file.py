"""Scenario files: what they say is what is simulated, and what they get wrong is told with its place."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import parse
from snowpit.cluster.tables import merged
from snowpit.cluster.workload import Delay, Operation, Tokens
from snowpit.errors import ScenarioError

BASE = """
[control_plane]
version = "1.12.4"
max_mutating_requests_inflight = 1000

[kubelets]
count = 500

[[scrapers]]
name = "metrics-server"
version = "0.3.1"

[[clients]]
name = "apps"
count = 100
tokens = 10
"""
BURST = '[[events]]\nat = "10m"\naction = "burst"\nclients = "apps"\nrequests = 50\n'


def read(text: str = "", *overrides: str) -> Scenario:
    return parse((BASE + text).encode(), place="file", stem="file", overrides=overrides)


def refusal(text: str, *overrides: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        read(text, *overrides)
    return caught.value


def test_defaults_follow_the_version() -> None:
    scenario = read()
    assert scenario.plane.values["max_mutating_requests_inflight"].source == "scenario"
    assert scenario.plane.values["loopback_qps"].source == "fact"
    assert scenario.kubelets.keeps_errors
    assert [client.name for client in scenario.clients] == ["heartbeats", "apps"]
    assert scenario.clients[0].count == scenario.kubelets.count == 500
    assert scenario.scrapers[0].spread_s == 4.0


def test_delays_operations_and_tokens_may_be_written_short() -> None:
    short = read(
        '[[clients]]\nname = "a"\nthink = "exponential:5s"\npatience = "never"\nservice = "lognormal:8ms:0.3"\n'
        'operation = "update leases.coordination.k8s.io in kube-system"\ncredential = "bound_token"\ntokens = 7\n'
        'weights = "zipf:1.0"\nsubject = "system:serviceaccount:kube-system:a"\n'
    ).clients[-1]
    assert short.think == Delay(law="exponential", mean_s=5.0)
    assert short.patience.mean_s == float("inf")
    assert short.operation == Operation(
        verb="update",
        group="coordination.k8s.io",
        resource="leases",
        namespace="kube-system",
        service=Delay(law="lognormal", mean_s=0.008, sigma=0.3),
    )
    assert short.tokens.count == 7
    assert short.user == "system:serviceaccount:kube-system:a"
    assert "system:serviceaccounts:kube-system" in short.groups


def test_events_come_in_order_of_time_with_defaults_and_seconds() -> None:
    scenario = read(BURST + '[[events]]\nat = "2m"\naction = "restart"\n')
    assert [(event.at_s, event.action, event.trigger) for event in scenario.events] == [
        (120.0, "restart", False),
        (600.0, "burst", True),
    ]
    assert scenario.events[0].settings == {"down_s": 5.0, "spread_s": 1.0}
    assert scenario.events[1].settings == {"clients": "apps", "requests": 50, "spread_s": 1.0}


def test_shared_tokens_are_those_of_their_owner() -> None:
    client = read('[[clients]]\nname = "a"\nshared_with = "apps"\n').clients[-1]
    assert client.tokens == Tokens(count=10, shared_with="apps")


def test_kubelets_may_be_older_than_the_control_plane() -> None:
    scenario = read("", "version=1.22.0", "kubelets.version=1.12.4")
    assert scenario.levels
    assert scenario.kubelets.keeps_errors
    assert scenario.clients[0].operation.resource == "nodes"


@pytest.mark.parametrize(
    ("override", "look", "value"),
    [
        ("max_mutating_requests_inflight=2000", "plane", 2000),
        ("servers=3", "servers", 3),
        ("horizon=2h", "horizon_s", 7200.0),
        ("bin=5s", "bin_s", 5.0),
    ],
)
def test_an_override_changes_one_value(override: str, look: str, value: float) -> None:
    scenario = read("", override)
    found = (
        scenario.plane.values["max_mutating_requests_inflight"]
        if look == "plane"
        else getattr(scenario, look)
    )
    if look == "plane":
        assert (found.value, found.source) == (value, "flag")
    else:
        assert found == value


def test_overrides_reach_populations_by_name() -> None:
    scenario = read(
        "",
        "clients.apps.count=2000",
        "scrapers.metrics-server.credential=certificate",
        "clients.apps.think.mean=5s",
        "switches.limiter_order=lifo",
        "kubelets.count=20",
        "heartbeats.period=5s",
        "clients.heartbeats.patience=2s",
        'clients.apps.retry={ steps = 3, base = "2s" }',
    )
    beats, apps = scenario.clients
    assert (beats.count, beats.think.mean_s, beats.patience.mean_s) == (20, 5.0, 2.0)
    assert (apps.count, apps.think.mean_s, apps.retry.steps, apps.retry.base_s) == (2000, 5.0, 3, 2.0)
    assert scenario.scrapers[0].tokens.credential == "certificate"
    assert scenario.scrapers[0].spread_s == 0.16
    assert scenario.switches.limiter_order == "lifo"


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("serverz = 2\n[kubelets2]\n", "file: kubelets2", "kubelets"),
        ('[[clients]]\nname = "a"\ncuont = 3\n', "file: clients.a.cuont", "count"),
        ('[[clients]]\nname = "a"\ncount = -3\n', "file: clients.a.count", ""),
        ('[[clients]]\nname = "a"\nthink = "5 parsecs"\n', "file: clients.a.think", "30s"),
        ('[[clients]]\nname = "a"\nthink = { law = "weibull" }\n', "file: clients.a.think.law", "exponential"),
        ('[[clients]]\nname = "a"\ncredential = "legcy_token"\n', "file: clients.a.credential", "legacy_token"),
        ('[[clients]]\nname = "a"\nweights = "zipf"\n', "file: clients.a.weights", "zipf:1.0"),
        ('[[clients]]\nname = "a"\narrivals = "open"\n', "file: clients.a.rate", "30/s"),
        ('[[clients]]\nname = "a"\noperation = "create tokenreviews"\n', "file: clients.a.reviewed", "legacy_token"),
        ('[[clients]]\nname = "a"\nshared_with = "aps"\n', "file: clients.a.shared_with", "apps"),
        ('[[clients]]\nname = "A B"\n', "file: name", ""),
        ('[[clients]]\nname = "apps"\n', "file: clients", ""),
        ('[[clients]]\nname = "metrics-server"\n', "file: name", ""),
        ("[[clients]]\ncount = 1\n", "file: clients", ""),
        ("[clients2]\n", "file: clients2", "clients"),
        (BURST.replace("apps", "aps"), "file: events[0].clients", "apps"),
        (BURST.replace("burst", "brust"), "file: events[0].action", "burst"),
        (BURST + "server = 1\n", "file: events[0].server", ""),
        (BURST + 'down = "1s"\n', "file: events[0].down", ""),
        ('[[events]]\naction = "restart"\n', "file: events[0]", "600s"),
        ('[[events]]\nat = 1\naction = "set"\nkey = "loopback_qsp"\nvalue = 3\n', "file: events[0]: loopback_qsp", "loopback_qps"),
        ('[[events]]\nat = 1\naction = "set"\nkey = "clients.aps.count"\nvalue = 3\n', "clients.aps.count", "apps"),
        ('[[events]]\nat = 1\naction = "upgrade"\nversion = "2.0"\n', "file: events[0].version", ""),
        ('[[events]]\nat = 1\naction = "lose"\nserver = 0\n', "file: events.action", "servers"),
        ('[[levels]]\nname = "system"\nshares = 9\n', "file: levels", "priority_and_fairness"),
        ('[heartbeats]\nperiod = "-1s"\n', "file: heartbeats.think", ""),
        ('[switches]\nlimiter_order = "random"\n', "file: switches.limiter_order", "fifo"),
        ("[control_plane]\n", "file: no TOML", ""),
    ],
)  # fmt: skip
def test_what_a_file_gets_wrong_is_told_with_place_and_hint(text: str, place: str, hint: str) -> None:
    error = refusal(text)
    assert place in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("clients.aps.count=3", "apps"),
        ("clients.apps.cout=3", "count"),
        ("clients.apps=3", "clients.apps.count"),
        ("max_mutating_request_inflight=3", "max_mutating_requests_inflight"),
        ("sevrers=3", "servers"),
        ("servers", "clients.apps.count"),
        ("=3", "clients.apps.count"),
        ("horizon=0s", ""),
        ("version=1.7", ""),
        ("loopback_qps=-3", "30/s"),
    ],
)
def test_an_override_that_cannot_be_is_told_with_a_hint(override: str, hint: str) -> None:
    error = refusal("", override)
    assert "--set" in error.message or "file" in error.message
    assert hint in error.hint


def test_scrapers_without_kubelets_are_refused() -> None:
    text = '[control_plane]\nversion = "1.12"\n[[scrapers]]\nname = "a"\n'
    with pytest.raises(ScenarioError, match="no kubelets"):
        parse(text.encode(), place="file")


def test_heartbeats_without_kubelets_are_refused() -> None:
    text = '[control_plane]\nversion = "1.12"\n[heartbeats]\nenabled = true\n'
    with pytest.raises(ScenarioError, match="no kubelets"):
        parse(text.encode(), place="file")


def test_a_version_without_quotes_is_refused() -> None:
    with pytest.raises(ScenarioError, match="quotes"):
        parse(b"[control_plane]\nversion = 1.12\n", place="file")


def test_a_published_model_gets_its_parameters_as_they_stand() -> None:
    text = b'model = "collapse"\nhorizon = "80s"\n[parameters]\nrate = 40\nbackoff = "full"\n'
    scenario = parse(text, place="file", overrides=["parameters.rate=50", "parameters.tail=erlang"])
    assert scenario.parameters == {"rate": 50, "backoff": "full", "tail": "erlang"}
    assert (scenario.model, scenario.horizon_s, scenario.bin_s) == ("collapse", 80.0, 8.0)


def test_a_file_may_extend_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(BASE + BURST)
    text = 'extends = "base.toml"\n[[clients]]\nname = "apps"\ncount = 7\n[[events]]\nat = 5\naction = "restart"\n'
    scenario = parse(text.encode(), place="file", beside=tmp_path)
    assert (scenario.clients[1].count, scenario.clients[1].tokens.count) == (7, 10)
    assert [event.action for event in scenario.events] == ["restart", "burst"]
    replaced = parse(("events_replace = true\n" + text).encode(), place="file", beside=tmp_path)
    assert [event.action for event in replaced.events] == ["restart"]


def test_files_that_extend_each_other_in_a_ring_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('extends = "b.toml"\n')
    (tmp_path / "b.toml").write_text('extends = "a.toml"\n')
    with pytest.raises(ScenarioError, match="ring"):
        parse(b'extends = "a.toml"\n', place="file", beside=tmp_path)


TREES = st.recursive(
    st.one_of(st.integers(), st.text(max_size=3)),
    lambda inner: st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(st.text(max_size=2), TREES, max_size=4)


@given(TABLES)
def test_a_table_over_itself_or_nothing_changes_nothing(table: dict[str, object]) -> None:
    assert merged(table, table, "here") == merged(table, {}, "here") == merged({}, table, "here") == table


@given(TABLES, TABLES, TABLES)
def test_laying_tables_over_each_other_may_be_grouped_at_will(
    a: dict[str, object], b: dict[str, object], c: dict[str, object]
) -> None:
    left = merged(merged(a, b, "here"), c, "here")
    assert set(left) == {*a, *b, *c}
    assert all(left[key] == value for key, value in c.items() if not isinstance(value, dict))


def test_scenarios_without_a_change_are_equal() -> None:
    assert read() == read()
    assert replace(read(), servers=2) != read()
