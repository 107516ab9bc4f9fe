"""What a kubelet tells whoever scrapes it, by what the API server says of him."""

import json
from typing import Any

import pytest

from snowpit.cluster.workload import Kubelets
from snowpit.knowledge.version import Version
from snowpit.lab import virtual
from snowpit.lab.around.kubelets import Kubelet, address
from snowpit.lab.around.places import Places
from snowpit.lab.around.population import World
from snowpit.lab.around.tally import Tally
from snowpit.lab.clock import Clock
from snowpit.lab.network.memory import MemoryNetwork
from snowpit.lab.wire import Certificate, Credential, Request, Response

SERVER = "127.0.0.1:6443"
KNOWN = {"authenticated": True, "user": {"username": "scraper"}}
ASKED = "(user=scraper, verb=get, resource=nodes, subresource=stats)"
Answer = tuple[int, dict[str, Any]]


def scraped(
    review: Answer, access: Answer, credential: Credential, times: int = 1
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
        world = World(network, Places([SERVER]), clock, Version(1, 12, 4), 1, 10.0)
        tally = Tally(clock, 10.0)
        kubelet = Kubelet(
            0, Kubelets(), world, credential=Credential(), tallies=lambda _: tally, version="v1beta1"
        )
        network.attach(SERVER, server)
        network.attach(address(0), kubelet.handle)
        for _ in range(times - 1):
            await network.send(address(0), "GET", "/stats/summary", credential=credential)
        return await network.send(address(0), "GET", "/stats/summary", credential=credential)

    return virtual.run(main()), asked


TOKEN = Credential(token="t")  # noqa: S106 - for the test
YES: Answer = (201, {"allowed": True})
NO: Answer = (201, {"allowed": False})
LOST: Answer = (403, {})


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
