"""Evidence as it really looks: healthy dumps stay clean, and a real storm is told across log, metrics, audit and flags."""

from pathlib import Path

import pytest

from snowpit.model.finding import Layer, Verdict
from snowpit.report.build import build
from snowpit.report.case import Case
from snowpit.report.text import Style, render
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source
from support.shared import shared_data

DUMPS = (
    *(
        f"khulnasoft__integrations-core/metrics_{version}.prom"
        for version in ("1.15.0", "1.24.0", "1.25.3", "1.27.0")
    ),
    *(
        f"newrelic__nri-kubernetes/api-server_1_{minor}.prom"
        for minor in (16, 19, 20, 22, 24, 25, 28, 31, 33, 34)
    ),
)


def case(*paths: Path) -> Case:
    return run(Question(source=Source(paths=[str(path) for path in paths])))


@pytest.fixture(scope="module")
def storm() -> Case:
    return case(shared_data("real-apiserver", "1.13.5"))


def layer(storm: Case, source: str) -> list[Layer]:
    return [item for item in storm.diagnosis.layers if item.source == source]


@pytest.mark.parametrize("name", DUMPS)
def test_a_healthy_dump_gives_no_finding(name: str) -> None:
    found = case(shared_data("metrics-apiserver", *name.split("/")))
    told = [item.id for item in found.diagnosis.findings if item.verdict is Verdict.SUPPORTED]
    assert told == [], found.diagnosis.answer
    assert found.diagnosis.judged
    assert found.exit_code == 0


def test_all_healthy_dumps_together_with_configurations_give_no_finding() -> None:
    found = case(
        *(shared_data(name) for name in ("metrics-apiserver", "config-apiserver-pods", "config-apf"))
    )
    told = [item.id for item in found.diagnosis.findings if item.verdict is Verdict.SUPPORTED]
    assert told == [], found.diagnosis.answer


def test_configuration_alone_cannot_be_judged_but_says_what_to_fetch() -> None:
    found = case(shared_data("real-apiserver", "1.13.5", "flags.txt"))
    assert not found.diagnosis.judged
    assert found.diagnosis.fetch


def test_a_single_dump_asks_for_an_audit_log_and_not_for_itself() -> None:
    found = case(shared_data("metrics-apiserver", *DUMPS[0].split("/")))
    wanted = [item.id for item in found.diagnosis.fetch]
    assert "audit-log" in wanted
    assert "apiserver-metrics" not in wanted
    assert all(item.commands for item in found.diagnosis.fetch)


def test_the_real_storm_is_told_across_all_its_sources(storm: Case) -> None:
    assert storm.diagnosis.findings[0].id == "token_review_storm"
    sources = [item.source for item in storm.diagnosis.layers]
    assert sources[:3] == ["log", "metrics", "configuration"]
    assert {"audit log", "version"} <= set(sources)
    assert all(item.pointers for item in layer(storm, "log"))


def test_the_gauge_that_reads_nothing_in_a_stall_is_noticed(storm: Case) -> None:
    assert "reads 0" in layer(storm, "metrics")[0].misleads


def test_the_audit_times_that_begin_after_authentication_are_noticed(storm: Case) -> None:
    assert any("after authentication" in item.misleads for item in layer(storm, "audit log"))


def test_the_limiter_is_seen_in_the_throttling_lines(storm: Case) -> None:
    limiter = next(item for item in storm.diagnosis.findings if item.id == "loopback_starvation")
    assert limiter.verdict is Verdict.SUPPORTED
    assert "log" in {item.source for item in limiter.evidence_for}


def test_the_backlog_of_the_storm_is_no_leak(storm: Case) -> None:
    leak = next(item for item in storm.diagnosis.findings if item.id == "goroutine_leak")
    assert leak.verdict is Verdict.REFUTED


@pytest.mark.parametrize("rival", ["a hot node", "a slow database (etcd)", "LIST load", "plain overload"])
def test_rivals_of_the_storm_are_ruled_out_with_a_reason(storm: Case, rival: str) -> None:
    found = next(item for item in storm.diagnosis.rivals if item.name.startswith(rival))
    assert found.excluded
    assert found.why


def test_the_page_names_the_source_of_each_statement(storm: Case) -> None:
    page = render(build(storm), Style(width=120))
    assert "What each source showed" in page
    assert "+ log: " in page
    assert "+ audit log: " in page


def test_the_metrics_of_the_real_storm_alone_name_it() -> None:
    folder = shared_data("real-apiserver", "1.13.5")
    found = case(*(folder / f"metrics-{when}.prom" for when in ("before", "during", "after"))).diagnosis
    first = found.findings[0]
    assert (first.id, first.verdict) == ("token_review_storm", Verdict.SUPPORTED)
    assert {item.source for item in first.evidence_for} == {"metrics"}
    assert first.undecided_by


def test_the_log_of_the_real_storm_alone_names_it_though_all_its_kubelets_share_one_address() -> None:
    found = case(shared_data("real-apiserver", "1.13.5", "apiserver.log.gz")).diagnosis
    first = found.findings[0]
    assert (first.id, first.verdict) == ("token_review_storm", Verdict.SUPPORTED)
    assert any("one address" in text for text in first.undecided_by)
    assert not any("hot node" in item.text for item in first.evidence_against)
