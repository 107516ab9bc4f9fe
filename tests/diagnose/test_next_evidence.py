"""Which evidence is asked for: what decides most comes first, and nothing is asked for twice."""

import re
from dataclasses import replace

import pytest

from snowpit.cluster.control_plane import build
from snowpit.diagnose import diagnose
from snowpit.diagnose.registry import DETECTORS, name_of
from snowpit.knowledge.next_evidence import Obtainable, obtainable
from snowpit.knowledge.version import Version
from snowpit.model.finding import Fetch
from snowpit.model.observation import Configuration
from snowpit.model.observation.configuration import LevelState, Process, Webhook
from support.measured import beside, gauge, group, instance, level, logs, metrics, only
from support.observed import healthy

ALL = obtainable(None)
IDS = {name_of(module) for module in DETECTORS}
NAMED = instance("metrics-server")


def fetched(observed: object, version: str = "1.28.0") -> tuple[Fetch, ...]:
    return diagnose(observed, build(version=Version.parse(version))).fetch  # type: ignore[arg-type]


def ids(observed: object, version: str = "1.28.0") -> list[str]:
    return [item.id for item in fetched(observed, version)]


@pytest.mark.parametrize("item", ALL, ids=[item.id for item in ALL])
def test_each_decides_known_findings_and_says_how_to_get_it(item: Obtainable) -> None:
    assert set(item.decides) <= IDS
    assert all(0 < power <= 1 for power in item.decides.values())
    assert item.commands
    assert item.source
    assert all(re.fullmatch(r"[a-z]+\.[a-z-]+", facet) for facet in item.gives)


def test_every_hypothesis_can_be_decided_by_something() -> None:
    assert {name for item in ALL for name in item.decides} >= IDS


def test_a_healthy_server_asks_for_nothing() -> None:
    assert fetched(healthy()) == ()


def test_the_most_informative_comes_first() -> None:
    gains = [item.gain for item in fetched(only(metrics=metrics(NAMED)))]
    assert gains == sorted(gains, reverse=True)
    assert len(gains) == len(set(ids(only(metrics=metrics(NAMED)))))


def test_metrics_without_the_server_ask_for_the_audit_log_and_the_servers_metrics() -> None:
    assert {"audit-log", "apiserver-metrics"} <= set(ids(only(metrics=metrics(NAMED))))


def test_one_dump_is_asked_for_again_because_counters_need_two() -> None:
    once = metrics(replace(instance(), instants=1), gauge("go_goroutines", 2000))
    assert "apiserver-metrics" not in ids(only(metrics=once))
    assert "audit-log" in ids(only(metrics=once))


@pytest.mark.parametrize(
    ("name", "configuration"),
    [
        (
            "apf-dumps",
            Configuration(
                states=(LevelState(name="system", waiting=0, executing=0, rejected=0, timed_out=0),)
            ),
        ),
        (
            "webhooks",
            Configuration(
                webhooks=(
                    Webhook(
                        name="w",
                        object="w",
                        mutating=True,
                        timeout_s=None,
                        failure_policy="",
                        operations=(),
                        resources=(),
                        selects_namespaces=False,
                        selects_objects=False,
                        excluded=(),
                        api="",
                    ),
                )
            ),
        ),
        (
            "flags",
            Configuration(
                processes=(
                    Process(
                        component="kube-apiserver", server="", object="", kind="", version=None, flags={}
                    ),
                )
            ),
        ),
    ],
)
def test_configuration_that_is_there_is_not_asked_for(name: str, configuration: Configuration) -> None:
    assert name not in ids(only(configuration=configuration))


def test_logs_that_are_there_are_not_asked_for() -> None:
    told = logs(group("timeout", 500), group("throttled", 500, longest_s=20.0))
    assert not {"apiserver-log", "apiserver-log-v4"} & set(ids(only(logs=told), "1.12.4"))


def test_priority_and_fairness_is_not_asked_of_a_release_that_lacks_it() -> None:
    assert "apf-dumps" not in ids(only(metrics=metrics(NAMED)), "1.12.4")


def test_trouble_that_nothing_explains_makes_every_open_hypothesis_more_plausible() -> None:
    quiet = {item.id: item.gain for item in fetched(only(metrics=metrics(level("system"))))}
    troubled = {
        item.id: item.gain
        for item in fetched(only(metrics=metrics(level("system")), logs=logs(group("timeout", 900))))
    }
    both = quiet.keys() & troubled.keys()
    assert both
    assert all(troubled[name] > quiet[name] for name in both)


def test_a_supported_finding_without_links_asks_for_nothing_that_it_does_not_lack() -> None:
    known = beside(metrics=metrics(level("system", refused=900), gauge("go_goroutines", 2000, 2000)))
    assert all("apf_starvation" not in item.decides for item in fetched(known))
