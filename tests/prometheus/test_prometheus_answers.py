import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.errors import EvidenceError
from snowpit.ingest import read
from snowpit.ingest.metrics.queries import queries
from snowpit.ingest.prometheus import Server, source
from snowpit.ingest.prometheus.server import Stretch, stretch
from snowpit.model.evidence import FileCoverage
from snowpit.store import Tables
from support.program import snowpit

NAME = "apiserver_current_inflight_requests"
Reply = tuple[int, object]
Respond = Callable[[str, Mapping[str, str], Mapping[str, str]], Reply]


@contextmanager
def serving(respond: Respond) -> Iterator[str]:
    """Address of a server that answers what a function of path, parameters and headers gives."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def answer(self, query: str) -> None:
            given = {name: values[0] for name, values in parse_qs(query).items()}
            status, body = respond(urlsplit(self.path).path, given, dict(self.headers))
            raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def prometheus(path: str, given: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
    """A Prometheus with one gauge, at 7 always."""
    del headers
    if path.endswith("__name__/values"):
        return 200, {"status": "success", "data": [NAME, "up"]}
    start, end, step = (float(given[name]) for name in ("start", "end", "step"))
    points = [[start + i * step, "7"] for i in range(int((end - start) // step) + 1)]
    metric = {"request_kind": "mutating", "instance": "m1", "job": "apiserver"}
    return 200, {
        "status": "success",
        "data": {"resultType": "matrix", "result": [{"metric": metric, "values": points}]},
    }


def asked(url: str, **more: object) -> FileCoverage:
    server = Server(url=url, now=1_700_000_000.0, pause_s=0.0, **more)  # type: ignore[arg-type]
    with Tables() as tables:
        return read([], tables=tables, remotes=[source(server)]).files[0]


def test_the_last_hour_is_asked_for_in_pages() -> None:
    pages: list[Mapping[str, str]] = []

    def respond(path: str, given: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        if path.endswith("query_range"):
            pages.append(given)
        return prometheus(path, given, headers)

    with serving(respond) as url:
        coverage = asked(url, step_s=15)
    assert coverage.rows == {"metrics": 241}
    assert len(pages) == 1
    assert "max_over_time" in pages[0]["query"]
    assert (coverage.first, coverage.last) == (1_699_996_400_000_000, 1_700_000_000_000_000)


def test_a_token_or_a_name_and_password_is_sent() -> None:
    sent: set[str] = set()

    def respond(path: str, given: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        sent.add(headers.get("Authorization", ""))
        return prometheus(path, given, headers)

    with serving(respond) as url:
        asked(url, token="abc")  # noqa: S106
        asked(url, user="joe", password="x")  # noqa: S106
    assert sent == {"Bearer abc", "Basic " + base64.b64encode(b"joe:x").decode()}


def test_a_busy_server_is_asked_again() -> None:
    tries: list[str] = []

    def respond(path: str, given: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        tries.append(path)
        return prometheus(path, given, headers) if len(tries) > 2 else (503, "busy")

    with serving(respond) as url:
        assert asked(url).rows
    assert len(tries) == 4


def test_a_query_that_is_refused_is_noted_and_the_others_count() -> None:
    def respond(path: str, given: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        if path.endswith("__name__/values"):
            return 200, {"status": "success", "data": [NAME, "go_goroutines"]}
        if "go_goroutines" in given["query"]:
            return 422, {"status": "error", "errorType": "execution", "error": "too many samples"}
        return prometheus(path, given, headers)

    with serving(respond) as url:
        coverage = asked(url)
    assert coverage.rows == {"metrics": 241}
    assert "go_goroutines: the server refused the query (422 execution)" in coverage.notes


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((401, "no"), "refuses the login"),
        ((200, "<html>"), "does not answer like a Prometheus"),
        ((302, ""), "does not answer like a Prometheus"),
        ((500, "broken"), "does not answer like a Prometheus"),
        ((400, {"status": "error", "errorType": "bad_data"}), "does not tell which metrics"),
    ],
)
def test_what_is_no_answer_is_an_error_with_a_hint(reply: Reply, message: str) -> None:
    with serving(lambda *_: reply) as url, pytest.raises(EvidenceError, match=message) as caught:
        asked(url)
    assert caught.value.hint


def test_a_server_that_is_not_there_is_an_error_without_rights_in_it() -> None:
    with pytest.raises(EvidenceError) as caught:
        asked("http://joe:geheim@127.0.0.1:1", token="geheim2")  # noqa: S106
    assert "geheim" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("url", ["prom:9090", "ftp://x", "http://", "http://x:99999999"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(EvidenceError, match="starts with http"):
        source(Server(url=url, now=0.0))


def test_the_command_takes_rights_from_a_file_and_needs_no_path(
    capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    sent: set[str] = set()

    def respond(path: str, given: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        sent.add(headers.get("Authorization", ""))
        return prometheus(path, given, headers)

    rights = tmp_path_factory.mktemp("rights") / "token"
    rights.write_text("geheim\n")
    with serving(respond) as url:
        ran = snowpit(capsys, "diagnose", "--prometheus", url, "--prometheus-auth", str(rights), "-o", "json")
    assert sent == {"Bearer geheim"}
    assert "geheim" not in ran.out + ran.err
    assert json.loads(ran.out)["observations"]["metrics"]["gauges"][0]["high"] == 7


def test_without_path_and_server_the_usage_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    ran = snowpit(capsys, "diagnose")
    assert ran.code == 64
    assert "PATH" in ran.err


def test_the_time_of_other_evidence_is_asked_for() -> None:
    server = Server(url="http://x", now=1_700_000_000.0)
    found = stretch(server, (1_600_000_000_000_000, 1_600_000_600_000_000))
    assert (found.start, found.end, found.step) == (1_599_999_400.0, 1_600_001_200.0, 15)


def test_old_names_are_asked_for_only_where_the_new_ones_are_missing() -> None:
    both = queries(["apiserver_request_total", "apiserver_request_count"], 15)
    old = queries(["apiserver_request_count", "apiserver_request_latencies_bucket"], 15)
    assert [query.name for query in both] == ["apiserver_request_total"]
    assert [query.name for query in old] == ["apiserver_request_count", "apiserver_request_latencies_bucket"]
    assert old[1].text.endswith(", le) (apiserver_request_latencies_bucket)")


@given(st.integers(0, 5000), st.integers(1, 60), st.integers(1, 50))
def test_pages_hold_every_point_once(length: int, step: int, most: int) -> None:
    pages = list(Stretch(0, length, step).pages(most=most))
    points = [start + i * step for start, end in pages for i in range(int((end - start) // step) + 1)]
    assert points == [i * step for i in range(length // step + 1)]
    assert all((end - start) // step < most for start, end in pages)
