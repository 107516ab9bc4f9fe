"""Clients that mean harm, on real sockets against a whole API server in a process of its own: none gets in, none breaks it."""

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress

import pytest

from snowpit.lab.network.adapter import MAX_BODY
from snowpit.lab.network.serving import HANDSHAKE_S
from support.lab_served import WITHIN_S, Served, served
from support.service_accounts import by_another_key, by_public_key, forged, unsigned

NODES, SECRETS = "/api/v1/nodes", "/api/v1/namespaces/bench/secrets"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
JSON = {"Content-Type": "application/json"}
MANY = 150
"""Clients at once that hold a connection and do nothing with it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that nobody may break; nothing that was sent to it is left in what it wrote."""
    with served(tmp_path_factory.mktemp("served"), "1.13.5") as found:
        yield found
        for path in (found.folder / "evidence").rglob("*"):
            assert path.is_dir() or b"eyJ" not in path.read_bytes(), path


@pytest.fixture(autouse=True)
def unharmed(server: Served) -> Iterator[None]:
    """Afterwards it serves as before."""
    yield
    assert server.well(), server.said()


def told(server: Served, sent: bytes, *, who: str = "") -> bytes:
    """All that comes back for these bytes until the connection ends, or nothing more comes for a second."""
    with closing(server.line(who)) as line:
        line.sendall(sent)
        line.settimeout(1.0)
        found = bytearray()
        with suppress(TimeoutError, OSError):
            while chunk := line.recv(65536):
                found += chunk
        return bytes(found)


def test_the_token_itself_is_good(server: Served) -> None:
    """Without this, the refusals below would prove nothing."""
    review = json.dumps({"spec": {"token": server.token}}).encode()
    answer = server.ask("POST", REVIEWS, review, who="admin", headers=JSON)
    assert json.loads(answer.body)["status"]["authenticated"] is True
    assert server.ask("GET", NODES, headers={"Authorization": f"Bearer {server.token}"}).status == 403


TRICKS: dict[str, Callable[[Served], str]] = {
    "another payload": lambda one: forged(one.token, sub="system:serviceaccount:kube-system:admin"),
    "alg none": lambda one: unsigned(one.token),
    "public key as secret": lambda one: by_public_key(one.token, (one.pki / "sa.pub").read_bytes()),
    "another key": lambda one: by_another_key(one.token),
    "cut short": lambda one: one.token[:-4],
    "expired": lambda one: bound(one, issued=-7200, expires=-10),
    "not yet": lambda one: bound(one, issued=600, expires=7200),
    "for somebody else": lambda one: bound(one, issued=0, expires=600, audience="vault"),
    "endless": lambda _: "e" * 8_000,
    "dots": lambda _: "..",
}


def bound(server: Served, *, issued: int, expires: int, audience: str = "") -> str:
    now, to = int(time.time()), (audience,) if audience else ()
    return server.signer.bound(
        "bench", "app", "uid-app", issued=now + issued, expires=now + expires, audiences=to
    )


@pytest.mark.parametrize("trick", TRICKS)
def test_made_up_tokens_open_nothing(server: Served, trick: str) -> None:
    token = TRICKS[trick](server)
    assert server.ask("GET", NODES, headers={"Authorization": f"Bearer {token}"}).status == 401
    review = json.dumps({"spec": {"token": token}}).encode()
    answer = server.ask("POST", REVIEWS, review, who="admin", headers=JSON)
    assert answer.status == 201
    assert not json.loads(answer.body)["status"].get("authenticated")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Remote-User": "admin", "X-Remote-Group": "system:masters"},
        {"Impersonate-User": "admin", "Impersonate-Group": "system:masters"},
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  "},
        {"Authorization": "bearer null"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1"},
        {"X-Http-Method-Override": "GET"},
        {"X-Lab-Population": "apps"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
        {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABkAAQ"},
        {"Sec-WebSocket-Protocol": "base64url.bearer.authorization.k8s.io.bm9uc2Vuc2U"},
        {"Accept": "application/json;as=Table;" * 200},
        {"Content-Length": "0", "Range": "bytes=0-"},
    ],
)
def test_no_header_makes_somebody_of_nobody(server: Served, headers: dict[str, str]) -> None:
    for who in ("", "node"):
        answer = server.ask("GET", SECRETS, who=who, headers=headers)
        assert answer.status in (400, 401, 403)
        assert b"token" not in answer.body.replace(b"tokenreview", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/healthz/../api/v1/secrets",
        "/healthz/%2e%2e/api/v1/secrets",
        "/healthz/..%2fapi/v1/secrets",
        "//api/v1/secrets",
        "/api//v1/secrets",
        "/api/v1/secrets/",
        "/api/v1/secrets;x=/healthz",
        "/api/v1/%73ecrets",
        "/API/v1/secrets",
        "/api/v1/secrets%00/healthz",
        "/api/v1/namespaces/bench/secrets/app-token%2f..%2fapp-token",
        "/api/v1/watch/secrets",
        "/api/v1/secrets?watch=true",
        "/lab/change",
        "/healthz?x=/../api/v1/secrets",
    ],
)
def test_no_path_leads_around_the_authorizer(server: Served, path: str) -> None:
    for who in ("", "node"):
        answer = told(
            server, f"GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".encode(), who=who
        )
        assert b"app-token" not in answer.partition(b"\r\n\r\n")[2].replace(path.encode(), b"") or (
            b'"status":"Failure"' in answer.replace(b" ", b"")
        )
        assert answer[9:10] == b"4" or answer.endswith(b"\r\n\r\nok"), answer[:200]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"spec":{"token":{}}}',
        b'{"spec":[]}',
        b"\xff\xfe",
        b'{"spec":{"token":"a"}}trailing',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"metadata":{"name":"' + b"x" * 500_000 + b'"}}',
        b"k8s\x00" + bytes(1000),
    ],
)
def test_malformed_bodies_are_refused(server: Served, sent: bytes) -> None:
    for target in (REVIEWS, "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/default/pods"):
        for media in ("application/json", "application/vnd.kubernetes.protobuf", "text/plain"):
            answer = server.ask("POST", target, sent, who="admin", headers={"Content-Type": media})
            assert 400 <= answer.status < 500
    assert json.loads(server.ask("GET", "/api/v1/configmaps", who="admin").body)["items"] == []


def test_a_body_over_the_limit_is_not_read(server: Served) -> None:
    head = f"POST {REVIEWS} HTTP/1.1\r\nHost: lab\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n"
    assert told(server, head.encode(), who="admin").startswith(b"HTTP/1.1 413 ")


def test_a_second_request_cannot_be_hidden_in_the_first(server: Served) -> None:
    inner = f"GET {SECRETS} HTTP/1.1\r\nHost: lab\r\n\r\n"
    both = f"Content-Length: {len(inner) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}"
    answer = told(server, f"POST {REVIEWS} HTTP/1.1\r\nHost: lab\r\n{both}".encode(), who="admin")
    assert answer.split()[1] == b"400"
    assert answer.count(b"HTTP/1.") == 1


def test_clients_that_dawdle_keep_nobody_else_waiting(server: Served) -> None:
    """Half a head, half a body, a handshake that is never begun: and others are served as ever."""
    half = f"POST {REVIEWS} HTTP/1.1\r\nHost: lab\r\nContent-Length: 100\r\n\r\n{{".encode()
    with ExitStack() as held:
        for number in range(MANY):
            if number % 3 == 0:
                held.enter_context(server.connect())
                continue
            line = held.enter_context(server.line())
            line.sendall(half if number % 3 == 1 else b"GET / HTTP/1.1\r\nX-Slow: ")
        assert [server.ask("GET", NODES, who="admin").status for _ in range(10)] == [200] * 10


def test_who_never_begins_a_handshake_is_cut_off(server: Served) -> None:
    with server.connect() as line:
        line.settimeout(HANDSHAKE_S + WITHIN_S)
        assert line.recv(1) == b""


def test_connections_that_are_reset_leave_nothing(server: Served) -> None:
    request = f"GET {NODES} HTTP/1.1\r\nHost: lab\r\n\r\n".encode()
    for cut in (0, 10, len(request)):
        for _ in range(20):
            line = server.line("admin")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.sendall(request[:cut])
            line.close()


def test_noise_in_the_place_of_tls_is_dropped(server: Served) -> None:
    for sent in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        bytes(100),
        b"\x16\x03\x01" * 50,
    ):
        with server.connect() as line, suppress(ConnectionError):
            line.sendall(sent)
            while line.recv(4096):
                pass


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer eyJ%s\r\n\r\n" % (b"a" * 9_000),
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization Bearer eyJhbGciOi\r\n\r\n",
        b"eyJhbGciOi\r\n\r\n",
    ],
)
def test_what_cannot_be_parsed_is_not_said_back(server: Served, head: bytes) -> None:
    answer = told(server, head)
    assert answer.split()[1] == b"400"
    assert b"eyJ" not in answer
