"""What a kubelet tells whoever scrapes it, by what the API server says of him."""

import asyncio
import json
from typing import Any

import pytest

from snowpit.cluster.workload import Kubelets
from snowpit.knowledge.version import Version
from snowpit.lab import virtual
from snowpit.lab.around.kubelets import Kubelet, address
from snowpit.lab.around.places import Places
from snowpit.lab.around.tally import Tally
from snowpit.lab.around.world import World
from snowpit.lab.clock import Clock
from snowpit.lab.network.memory import MemoryNetwork
from snowpit.lab.wire import Certificate, Credential, Request, Response

SERVER = "127.0.0.1:6443"
KNOWN = {"authenticated": True, "user": {"username": "scraper"}}
ASKED = "(user=scraper, verb=get, resource=nodes, subresource=stats)"
Answer = tuple[int, dict[str, Any]]


def scraped(
    review: Answer,
    access: Answer,
    credential: Credential,
    times: int = 1,
    *,
    path: str = "/stats/summary",
    method: str = "GET",
    gap_s: float = 0.0,
    version: str = "1.12.4",
) -> tuple[Response, list[str]]:
    """The last answer of a kubelet, and what it asked the API server."""
    asked: list[str] = []

    async def server(request: Request) -> Response:
        asked.append(request.path.rpartition("/")[2])
        code, status = access if asked[-1] == "subjectaccessreviews" else review
        return Response(code, {}, json.dumps({"status": status}).encode())

    async def main() -> Response:
        network = MemoryNetwork({"scraper": Certificate("scraper", (), "kubernetes")})
        clock = Clock(0.0, 0)
        world = World(network, Places([SERVER]), clock, Version.parse(version), 1, 10.0)
        tally = Tally(clock, 10.0)
        kubelet = Kubelet(
            0, Kubelets(), world, credential=Credential(), tallies=lambda _: tally, api="v1beta1"
        )
        network.attach(SERVER, server)
        network.attach(address(0), kubelet.handle)
        for _ in range(times - 1):
            await network.send(address(0), method, path, credential=credential)
            await asyncio.sleep(gap_s)
        return await network.send(address(0), method, path, credential=credential)

    return virtual.run(main()), asked


TOKEN = Credential(token="t")  # noqa: S106 - for the test
YES: Answer = (201, {"allowed": True})
NO: Answer = (201, {"allowed": False})
LOST: Answer = (403, {})
KNOWN_: Answer = (201, KNOWN)


@pytest.mark.parametrize(
    ("review", "access", "code", "text"),
    [
        pytest.param((201, KNOWN), YES, 200, None, id="known and allowed"),
        pytest.param((201, KNOWN), NO, 403, f"Forbidden {ASKED}", id="known, not allowed"),
        pytest.param((201, KNOWN), LOST, 500, f"Authorization error {ASKED}", id="known, no answer"),
        pytest.param((201, {"authenticated": False}), YES, 401, "Unauthorized", id="unknown"),
        pytest.param(LOST, YES, 401, "Unauthorized", id="no answer"),
    ],
)
def test_a_scraper_is_told_what_a_kubelet_tells(
    review: Answer, access: Answer, code: int, text: str | None
) -> None:
    response, _ = scraped(review, access, TOKEN)
    assert response.status == code
    assert text is None or response.body.decode() == text


def test_a_certificate_needs_no_review_and_nobody_is_refused() -> None:
    response, asked = scraped(LOST, YES, Credential(certificate="scraper"))
    assert (response.status, asked) == (200, ["subjectaccessreviews"])
    response, asked = scraped(LOST, YES, Credential())
    assert (response.status, asked) == (401, [])


@pytest.mark.parametrize(
    ("review", "access", "asked"),
    [
        ((201, KNOWN), YES, ["tokenreviews", "subjectaccessreviews"]),
        ((201, {"authenticated": False}), YES, ["tokenreviews"]),
        ((201, KNOWN), LOST, ["tokenreviews", "subjectaccessreviews", "subjectaccessreviews"]),
        (LOST, YES, ["tokenreviews", "tokenreviews"]),
    ],
)
def test_answers_are_kept_and_failures_are_not(review: Answer, access: Answer, asked: list[str]) -> None:
    assert scraped(review, access, TOKEN, times=2)[1] == asked


def test_nothing_is_served_to_strangers_its_health_neither() -> None:
    for path in ("/healthz", "/metrics", "/pods"):
        assert scraped(KNOWN_, YES, Credential(), path=path)[0].status == 401
        assert scraped(KNOWN_, NO, TOKEN, path=path)[0].status == 403


@pytest.mark.parametrize(
    ("gap_s", "access", "asked"), [(29.0, NO, 1), (31.0, NO, 2), (299.0, YES, 1), (301.0, YES, 2)]
)
def test_refusals_are_kept_for_half_a_minute_and_leave_for_five(
    gap_s: float, access: Answer, asked: int
) -> None:
    _, found = scraped(KNOWN_, access, TOKEN, times=2, gap_s=gap_s)
    assert found.count("subjectaccessreviews") == asked


@pytest.mark.parametrize(
    ("method", "path", "verb", "subresource"),
    [
        ("GET", "/stats/summary", "get", "stats"),
        ("GET", "/metrics", "get", "metrics"),
        ("GET", "/metrics/resource", "get", "metrics"),
        ("GET", "/healthz", "get", "proxy"),
        ("GET", "/statsx", "get", "proxy"),
        ("POST", "/run/a/b/c", "create", "proxy"),
    ],
)
def test_verb_and_subresource_follow_from_the_request(
    method: str, path: str, verb: str, subresource: str
) -> None:
    response, _ = scraped(KNOWN_, NO, TOKEN, method=method, path=path)
    assert response.body.decode() == (
        f"Forbidden (user=scraper, verb={verb}, resource=nodes, subresource={subresource})"
    )


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        ("/healthz", "ok"),
        ("/metrics", "# HELP kubelet_node_name"),
        ("/metrics/resource", "# HELP node_cpu_usage_seconds_total"),
        ("/metrics/cadvisor", "# HELP container_cpu_usage_seconds_total"),
        ("/stats/summary/", '{"node":{"nodeName":"node-0"'),
        ("/pods", '{"kind":"PodList"'),
        ("/nothing", "404"),
    ],
)
def test_each_path_has_its_own_answer(path: str, begins: str) -> None:
    response, _ = scraped(KNOWN_, YES, TOKEN, path=path)
    assert response.body.decode().startswith(begins)
    if path.startswith("/metrics"):
        assert response.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("1.12.4", {"rest_client_requests_total", "rest_client_request_latency_seconds"}),
        ("1.18.0", {"rest_client_rate_limiter_duration_seconds", "authentication_token_cache_request_total"}),
        ("1.22.0", {"apiserver_delegated_authn_request_total", "apiserver_delegated_authz_request_total"}),
    ],
)
def test_its_own_metrics_count_its_requests(version: str, names: set[str]) -> None:
    response, _ = scraped(KNOWN_, YES, TOKEN, times=2, path="/metrics", version=version)
    text = response.body.decode()
    assert names <= {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert 'rest_client_requests_total{code="201",host="127.0.0.1:6443",method="POST"} 2' in text
