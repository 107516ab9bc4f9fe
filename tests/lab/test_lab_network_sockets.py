"""Requests over real sockets with TLS: who is who, hang-ups, lost servers, limits, hostile clients."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from snowpit.errors import LabError
from snowpit.lab.authority.pki import Pki
from snowpit.lab.network.adapter import MAX_BODY, Patience
from snowpit.lab.network.serving import listen
from snowpit.lab.network.sockets import SocketNetwork
from snowpit.lab.wire import Certificate, Credential, LostError, Request, Response
from support.lab_sockets import ALICE, PROXY, listening, ok, pki, raw, until

SOON_S = 0.3
"""A limit that is short for a test, and long against what a request takes."""


def test_a_request_arrives_as_it_was_sent() -> None:
    seen: list[Request] = []

    async def keep(request: Request) -> Response:
        seen.append(request)
        return Response(201, {"Content-Type": "text/plain", "Retry-After": "7"}, b"made")

    async def main() -> Response:
        async with listening(keep) as (listener, network):
            return await network.send(
                listener.address,
                "POST",
                "/api/v1/pods%2Fx?limit=5&a=%20",
                credential=Credential(token="t"),  # noqa: S106 - for the test
                headers={"user-agent": "kubelet", "x-lab-population": "apps"},
                body=b"{}",
                source="127.20.3.4",
            )

    response = asyncio.run(main())
    (request,) = seen
    assert (response.status, response.headers["Retry-After"], response.body) == (201, "7", b"made")
    assert (request.method, request.path, request.target) == (
        "POST",
        "/api/v1/pods/x",
        "/api/v1/pods%2Fx?limit=5&a=%20",
    )
    assert (request.query, request.body, request.source) == ({"limit": "5", "a": " "}, b"{}", "127.20.3.4")
    assert request.headers["authorization"] == "Bearer t"
    assert (request.headers["user-agent"], request.headers["x-lab-population"]) == ("kubelet", "apps")
    assert request.port > 0
    assert request.certificate is None


@pytest.mark.parametrize(("stem", "who"), [("alice", ALICE), ("proxy", PROXY), ("", None)])
def test_a_client_is_who_its_certificate_says(stem: str, who: Certificate | None) -> None:
    seen: list[Certificate | None] = []

    async def keep(request: Request) -> Response:
        seen.append(request.certificate)
        return Response(200)

    async def main() -> None:
        async with listening(keep) as (listener, network):
            await network.send(listener.address, "GET", "/", credential=Credential(certificate=stem))

    asyncio.run(main())
    assert seen == [who]


def test_certificates_of_another_authority_are_refused(tmp_path: Path) -> None:
    """Whether a client shows one, or a server."""
    foreign = Pki(tmp_path / "foreign")
    foreign.create()
    foreign.client("alice", ALICE)
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    shutil.copy(pki() / "ca.crt", mixed)
    for name in ("alice.crt", "alice.key"):
        shutil.copy(foreign.folder / name, mixed)

    async def refused(folder: Path, stem: str) -> None:
        async with listening(ok) as (listener, _):
            network = SocketNetwork(folder)
            with pytest.raises(LostError):
                await network.send(listener.address, "GET", "/", credential=Credential(certificate=stem))
            await network.close()

    asyncio.run(refused(mixed, "alice"))
    asyncio.run(refused(foreign.folder, ""))


def test_other_machines_are_neither_called_nor_served() -> None:
    async def main() -> None:
        network = SocketNetwork(pki())
        with pytest.raises(LabError):
            await network.send("192.0.2.1:443", "GET", "/")
        with pytest.raises(LabError):
            await network.send("127.0.0.1:443", "GET", "/", source="192.0.2.1")
        with pytest.raises(LabError):
            listen("0.0.0.0:0")
        await network.close()

    asyncio.run(main())


def test_a_missing_certificate_is_said() -> None:
    async def main() -> None:
        network = SocketNetwork(pki())
        with pytest.raises(LabError, match=r"nobody\.crt"):
            await network.send("127.0.0.1:1", "GET", "/", credential=Credential(certificate="nobody"))
        await network.close()

    asyncio.run(main())


def test_an_address_in_use_is_said() -> None:
    async def main() -> None:
        async with listening(ok) as (listener, _):
            with pytest.raises(LabError, match="cannot listen"):
                listen(listener.address)

    asyncio.run(main())


def test_who_hangs_up_ends_nothing_but_is_noticed() -> None:
    async def main() -> bool:
        gone, done = asyncio.Event(), asyncio.Event()

        async def slow(request: Request) -> Response:
            await request.gone.wait()
            gone.set()
            await asyncio.sleep(0)
            done.set()
            return Response(200)

        async with listening(slow) as (listener, network):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SOON_S):
                    await network.send(listener.address, "GET", "/")
            await gone.wait()
            await done.wait()
        return True

    assert asyncio.run(main())


def test_a_server_that_goes_away_loses_what_it_had() -> None:
    async def main() -> None:
        inside = asyncio.Event()

        async def never(_: Request) -> Response:
            inside.set()
            await asyncio.Event().wait()
            raise AssertionError

        async with listening(never) as (listener, network):
            call = asyncio.ensure_future(network.send(listener.address, "GET", "/"))
            await inside.wait()
            await listener.close()
            with pytest.raises(LostError):
                await call
            with pytest.raises(LostError):
                await network.send(listener.address, "GET", "/")

    asyncio.run(main())


def test_a_handler_that_is_lost_resets_the_connection() -> None:
    async def lost(_: Request) -> Response:
        raise LostError

    async def main() -> None:
        async with listening(lost) as (listener, network):
            with pytest.raises(LostError):
                await network.send(listener.address, "POST", "/")

    asyncio.run(main())


def test_a_handler_that_fails_answers_500_and_is_told_of() -> None:
    told: list[str] = []

    async def broken(_: Request) -> Response:
        raise ZeroDivisionError

    async def main() -> int:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
        async with listening(broken) as (listener, network):
            return (await network.send(listener.address, "GET", "/")).status

    assert asyncio.run(main()) == 500
    assert told == ["A handler of the lab failed."]


def test_a_stream_comes_as_it_is_made_and_ends_when_its_reader_leaves() -> None:
    async def main() -> list[bytes]:
        ended = asyncio.Event()

        async def events() -> AsyncIterator[bytes]:
            try:
                yield b"one\n"
                yield b"two\n"
                await asyncio.Event().wait()
            finally:
                ended.set()

        async def watched(_: Request) -> Response:
            return Response(200, {"Content-Type": "application/json"}, stream=events())

        async with listening(watched) as (listener, network):
            response = await network.send(listener.address, "GET", "/api/v1/nodes?watch=true")
            assert response.stream is not None
            found = b""
            while found.count(b"\n") < 2:
                found += await anext(response.stream)
            await response.stream.aclose()  # type: ignore[attr-defined]
            await ended.wait()
        return found.splitlines()

    assert asyncio.run(main()) == [b"one", b"two"]


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() -> None:
    async def size(request: Request) -> Response:
        return Response(200, {}, str(len(request.body)).encode())

    async def main() -> tuple[Response, Response]:
        async with listening(size) as (listener, network):
            return (
                await network.send(listener.address, "POST", "/", body=bytes(MAX_BODY)),
                await network.send(listener.address, "POST", "/", body=bytes(MAX_BODY + 1)),
            )

    taken, refused = asyncio.run(main())
    assert (taken.status, taken.body) == (200, str(MAX_BODY).encode())
    assert (refused.status, json.loads(refused.body)["reason"]) == (413, "RequestEntityTooLarge")


def chunks(count: int, size: int) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (size, bytes(size)) for _ in range(count)) + b"0\r\n\r\n"


async def told(sent: bytes, patience: Patience) -> bytes:
    """What a server says to these bytes until it closes the connection."""
    async with listening(ok, patience) as (listener, _), raw(listener) as (reader, writer):
        writer.write(sent)
        found = bytearray()
        try:
            async with asyncio.timeout(20.0):
                while chunk := await reader.read(65536):
                    found += chunk
        except OSError:
            pass
        return bytes(found)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"", b"", id="silent"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: lab\r\nX-Slow: ", b"", id="half a head"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 10\r\n\r\n{", b"408", id="half a body"
        ),
        pytest.param(b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: ten\r\n\r\n", b"400", id="no length"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400", id="no chunk"
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            b"400",
            id="two lengths",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(4, 1 << 20),
            b"413",
            id="many chunks",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 99999999999\r\n\r\n", b"413", id="long"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: lab\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n", b"400", id="long head"
        ),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X-Many: 1\r\n" * 5000 + b"\r\n", b"400", id="many fields"),
        pytest.param(b"GET http://other.example/ HTTP/1.1\r\nHost: lab\r\n\r\n", b"400", id="a whole URL"),
        pytest.param(b"CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: lab\r\n\r\n", b"400", id="proxy"),
        pytest.param(b"\x00\x01\x02 no HTTP\r\n\r\n", b"400", id="no HTTP"),
    ],
)
def test_hostile_clients_hold_nothing(sent: bytes, status: bytes) -> None:
    found = asyncio.run(told(sent, Patience(head=SOON_S, body=SOON_S, taken=1.0)))
    assert found.partition(b"\r\n")[0].partition(b" ")[2][:3] == status
    assert b"Traceback" not in found


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/api/%2e%2e/secret", "/api/../secret"),
        ("//api//v1", "//api//v1"),
        ("/api/%00", "/api/\x00"),
        ("/api/../v1", "/api/../v1"),
        ("/%ff", "/\ufffd"),
        ("/a%2Fb", "/a/b"),
    ],
)
def test_paths_are_decoded_once_and_never_cleaned(target: str, path: str) -> None:
    """What a path means is for the handler to say, on sockets as in memory."""
    request = f"GET {target} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".encode()
    found = asyncio.run(told(request, Patience()))
    assert found.partition(b"\r\n\r\n")[2] == path.encode()


def test_fields_that_come_several_times_are_a_list() -> None:
    async def groups(request: Request) -> Response:
        return Response(200, {"Connection": "close"}, request.headers["x-remote-group"].encode())

    async def main() -> bytes:
        async with listening(groups) as (listener, _), raw(listener) as (reader, writer):
            writer.write(
                b"GET / HTTP/1.1\r\nHost: lab\r\nX-Remote-Group: a\r\nX-Remote-Group: b\r\nConnection: close\r\n\r\n"
            )
            return await reader.read(-1)

    assert asyncio.run(main()).endswith(b"\r\n\r\na,b")


def test_who_never_reads_is_cut_off() -> None:
    async def much(_request: Request) -> Response:
        return Response(200, {}, bytes(64 << 20))

    async def main() -> bool:
        async with listening(much, Patience(taken=1.0)) as (listener, _), raw(listener) as (_, writer):
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
            async with asyncio.timeout(30.0):
                await until(lambda: listener.connections == 1)
                await until(lambda: listener.connections == 0)
        return True

    assert asyncio.run(main())


def test_a_thousand_connections_are_open_at_once() -> None:
    async def main() -> tuple[int, set[int]]:
        all_there = asyncio.Event()
        inside = 0

        async def meet(_: Request) -> Response:
            nonlocal inside
            inside += 1
            if inside == 1000:
                all_there.set()
            await all_there.wait()
            return Response(200)

        async with listening(meet) as (listener, network):
            answers = await asyncio.gather(*(network.send(listener.address, "GET", "/") for _ in range(1000)))
            return listener.connections, {answer.status for answer in answers}

    assert asyncio.run(main()) == (1000, {200})
