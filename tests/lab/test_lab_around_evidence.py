"""What kubelets and metrics-server leave behind is what their release writes, and snowpit reads all of it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from snowpit.cluster.happenings import events
from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario_file import load
from snowpit.ingest import read
from snowpit.knowledge.version import Version
from snowpit.lab import virtual
from snowpit.lab.around.asks import Ask, token_review
from snowpit.lab.around.attempts import Attempt, error
from snowpit.lab.around.caller import ABANDONED, FAILED, REJECTED, RESET, TIMED_OUT, Outcome
from snowpit.lab.around.component_log import ComponentLog
from snowpit.lab.around.kubelet_log import KubeletLog
from snowpit.lab.around.scrape_notes import Scrape, ScrapeNotes
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.in_memory import rehearse
from snowpit.lab.evidence.metrics.exposition import Families
from snowpit.lab.wire import Response
from snowpit.store import Tables

EPOCH = 1_767_225_600_000_000
SERVER = "127.0.0.1:6443"
WHAT = {"user": "jo", "verb": "get", "resource": "nodes", "subresource": "stats"}


def lines(tmp_path: Path, write: Callable[[ComponentLog], None]) -> list[str]:
    """Lines of a log, without their headers."""

    async def main() -> None:
        log = ComponentLog(tmp_path / "c.log", Clock(0.0, EPOCH))
        write(log)
        log.flush()

    virtual.run(main())
    return [line.partition("] ")[2] for line in (tmp_path / "c.log").read_text().splitlines()]


def test_a_header_is_klogs_and_a_message_stays_on_its_line(tmp_path: Path) -> None:
    async def main() -> None:
        log = ComponentLog(tmp_path / "c.log", Clock(0.0, EPOCH))
        await asyncio.sleep(61.5)
        log.line("E", "server.go:245", "no\nE0101 \x1b[31m")
        log.flush()

    virtual.run(main())
    assert (tmp_path / "c.log").read_text() == (
        "E0101 00:01:01.500000       1 server.go:245] no\\nE0101 \\x1b[31m\n"
    )


def attempt(end: str, code: int = 0, body: bytes = b"", asked: Ask | None = None) -> Attempt:
    response = Response(code, body=body) if code else None
    return Attempt(asked or token_review("t", "v1beta1"), SERVER, Outcome(end, response, 0.0, 1.0))


STATUS = b'{"kind":"Status","message":"Timeout: request did not complete within requested timeout 30s"}'
URL = f"https://{SERVER}/apis/authentication.k8s.io/v1beta1/tokenreviews"
REVIEWS = "(post tokenreviews.authentication.k8s.io)"
BEAT = Ask("PATCH", "/api/v1/nodes/node-3/status?timeout=10s")
ALLOTTED = (
    "the server was unable to return a response in the time allotted, but may still be processing the request"
)


@pytest.mark.parametrize(
    ("found", "version", "text"),
    [
        (attempt(REJECTED, 429, b"Too many requests, please try again later.\n"), "1.12.4",
         f"the server has received too many requests and has asked us to try again later {REVIEWS}"),
        (attempt(TIMED_OUT, 504, STATUS), "1.12.4", "Timeout: request did not complete within requested timeout 30s"),
        (attempt(TIMED_OUT, 504, asked=BEAT), "1.12.4", f"{ALLOTTED} (patch nodes node-3)"),
        (attempt(FAILED, 500, b"[]"), "1.12.4", f"an error on the server has prevented the request from succeeding {REVIEWS}"),
        (attempt(RESET), "1.12.4", f"Post {URL}: dial tcp {SERVER}: connect: connection refused"),
        (attempt(RESET), "1.19.0", f'Post "{URL}": dial tcp {SERVER}: connect: connection refused'),
        (attempt(ABANDONED), "1.18.0", "context deadline exceeded"),
    ],
)  # fmt: skip
def test_an_error_reads_as_client_go_tells_it(found: Attempt, version: str, text: str) -> None:
    assert error(found, Version.parse(version)) == text


def test_a_time_limit_of_ones_own_reads_as_gos_of_that_release() -> None:
    late = attempt(ABANDONED, asked=BEAT)
    old, new = (error(late, Version.parse(text), limit_s=10.0) for text in ("1.12.4", "1.19.0"))
    url = f"https://{SERVER}{BEAT.target}"
    assert old == f"Patch {url}: net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
    assert new == f'Patch "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.12.4", [
            "Version: v1.12.4",
            "Failed to make webhook authenticator request: no",
            "Unable to authenticate the request due to an error: no",
            "Authorization error (user=jo, verb=get, resource=nodes, subresource=stats)%!(EXTRA *errors.StatusError=no)",
            "Forbidden (user=jo, verb=get, resource=nodes, subresource=stats)",
            "Unable to update node status: update node status exceeds retry count",
            "failed to update node lease, error: no",
        ]),
        ("1.22.0", [
            '"Kubelet version" kubeletVersion="v1.22.0"',
            "Failed to make webhook authenticator request: no",
            '"Unable to authenticate the request due to an error" err="no"',
            '"Authorization error" err="no" user="jo" verb="get" resource="nodes" subresource="stats"',
            '"Forbidden" user="jo" verb="get" resource="nodes" subresource="stats"',
            '"Unable to update node status" err="update node status exceeds retry count"',
            "failed to update lease, error: no",
        ]),
    ],
)  # fmt: skip
def test_a_kubelet_writes_as_its_version_does(version: str, expected: list[str], tmp_path: Path) -> None:
    def write(log: ComponentLog) -> None:
        kubelet = KubeletLog(log, Version.parse(version), "node-0")
        kubelet.review_failed("no")
        kubelet.unauthenticated("no")
        kubelet.undecided(WHAT, "no")
        kubelet.forbidden(WHAT)
        kubelet.status_given_up()
        kubelet.lease_failed("no")

    assert lines(tmp_path, write) == expected


def scrape(node: int, status: int, path: str) -> Scrape:
    return Scrape(f"node-{node}", f"127.16.0.{node}:10250", path, status, "Unauthorized", not status, 1.0)


KUBELET = "https://127.16.0.2:10250"
OLD = (
    "unable to fully collect metrics: [unable to fully scrape metrics from source kubelet_summary:node-1: unable to fetch metrics "
    'from Kubelet node-1 (127.16.0.1): request failed - "401 Unauthorized", response: "Unauthorized", unable to fully scrape metrics '
    f"from source kubelet_summary:node-2: unable to fetch metrics from Kubelet node-2 (127.16.0.2): Get {KUBELET}/stats/summary/: "
    "context deadline exceeded]"
)


@pytest.mark.parametrize(
    ("release", "path", "expected"),
    [
        ("0.3.1", "/stats/summary", [OLD]),
        ("0.4.2", "/stats/summary", [
            ("unable to fully scrape metrics: [unable to fully scrape metrics from node node-1: unable to fetch metrics from node "
            'node-1: request failed - "401 Unauthorized"., unable to fully scrape metrics from node node-2: unable to fetch metrics '
            f'from node node-2: Get "{KUBELET}/stats/summary?only_cpu_and_memory=true": context deadline exceeded]'),
        ]),
        ("0.6.0", "/metrics/resource", [
            r'"Failed to scrape node" err="request failed, status: \"401 Unauthorized\"" node="node-1"',
            rf'"Failed to scrape node" err="Get \"{KUBELET}/metrics/resource\": context deadline exceeded" node="node-2"',
        ]),
        ("0.7.0", "/metrics/resource", [
            r'"Failed to scrape node" err="request failed, status: \"401 Unauthorized\"" node="node-1"',
            (rf'"Failed to scrape node, timeout to access kubelet" err="Get \"{KUBELET}/metrics/resource\": context deadline exceeded" '
            'node="node-2" timeout="10s"'),
        ]),
    ],
)  # fmt: skip
def test_metrics_server_writes_as_its_release_does(
    release: str, path: str, expected: list[str], tmp_path: Path
) -> None:
    def write(log: ComponentLog) -> None:
        notes = ScrapeNotes(release, log, Families("", lambda: 0.0), timeout_s=10.0)
        found = [scrape(0, 200, path), scrape(1, 401, path), scrape(2, 0, path)]
        for one in found:
            notes.scraped(one, 0.0)
        notes.finished(found, 3.0)
        total = "kubelet_summary_scrapes_total" if release == "0.3.1" else "kubelet_request_total"
        assert f'metrics_server_{total}{{success="false"}} 2' in notes.text().decode()

    assert lines(tmp_path, write) == expected


@pytest.mark.parametrize(("version", "beat"), [("1.12.4", "node_not_ready"), ("1.22.0", "lease_lost")])
def test_all_of_a_fleet_is_read_without_a_reject(version: str, beat: str, tmp_path: Path) -> None:
    """An API server that is away for a while: scrapes, reviews and heartbeats fail."""
    base = load(
        "incident-1.12", overrides=("horizon=100s", f"version={version}", f"kubelets.version={version}")
    )
    away = {"at": "1ms", "action": "restart", "down": "70s"}
    cold = replace(base, kubelets=replace(base.kubelets, warm=False))
    rehearse(scaled(replace(cold, events=events([away], cold, "test")), 0.02), seed=1, folder=tmp_path)
    evidence = [str(path) for path in tmp_path.iterdir() if path.is_dir() and path.name != "pki"]
    with Tables() as tables:
        coverage = read(evidence, tables=tables)
        assert not [file.path for file in coverage.files if file.rejected]
        told = {
            (str(component), str(kind))
            for component, kind in tables.run("SELECT DISTINCT component, kind FROM log_lines")
        }
        metrics = {str(row[0]) for row in tables.run("SELECT DISTINCT component FROM metrics")}
    assert {("kubelet", "started"), ("kubelet", beat), ("kubelet", "authentication")} <= told
    assert ("metrics-server", "scrape_failed") in told
    assert {"kube-apiserver", "kubelet", "metrics-server"} <= metrics
    logs = sorted((tmp_path / "kubelets").glob("*/kubelet.log"))
    assert len(logs) == 20
    assert not any("eyJ" in path.read_text() for path in logs)
