"""Between aiohttp and a handler: what came becomes a request, and the response goes out."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from aiohttp import web

from snowpit.lab.api.status import TEXT, bad_request, failure
from snowpit.lab.network.targets import split
from snowpit.lab.network.tls import peer
from snowpit.lab.wire import Handler, LostError, Request, Response

MAX_BODY = 3 << 20
"""B; kubernetes/apiserver pkg/server/config.go 1.12 to 1.28 (MaxRequestBodyBytes)."""


class Patience(NamedTuple):
    """How long a server waits for a client, s.

    Args:
        head: For the head of a request, and for the next request on an open connection.
        body: For its body.
        taken: For what was sent to be taken.
    """

    head: float = 120.0
    body: float = 32.0
    taken: float = 60.0


PATIENCE = Patience()


def request_of(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:  # noqa: ANN401 - aiohttp's own
    """A request of aiohttp that takes a body as long as an API server does; what ``web.Server`` wants."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)


class Adapter:
    """Between aiohttp and a handler."""

    def __init__(self, handler: Handler, patience: Patience) -> None:
        self._handler, self._patience = handler, patience
        self.inside: set[asyncio.Task[Response]] = set()

    async def answer(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """Read a request, have it answered, send the answer."""
        body = await self._body(incoming)
        target = incoming.raw_path
        if isinstance(body, Response):
            return await _sent(incoming, body, last=True)
        if not target.startswith("/"):
            return await _sent(incoming, bad_request("the target of a request is a path"), last=True)
        request = _understood(incoming, target, body)
        task = asyncio.ensure_future(self._handler(request))
        self.inside.add(task)
        task.add_done_callback(self._left)
        try:
            return await _sent(incoming, await asyncio.shield(task))
        except (asyncio.CancelledError, ConnectionError):
            request.gone.set()
            raise
        except LostError:
            _cut(incoming)
            raise ConnectionResetError from None

    async def _body(self, incoming: web.BaseRequest) -> bytes | Response:
        """The body, or why it is not taken."""
        if (incoming.content_length or 0) > MAX_BODY:
            return _too_large()
        if incoming.headers.get("Expect", "").lower() == "100-continue":
            await incoming.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            incoming.writer.output_size = 0
        try:
            async with asyncio.timeout(self._patience.body):
                return await incoming.read()
        except web.HTTPRequestEntityTooLarge:
            return _too_large()
        except TimeoutError:
            return Response(408, TEXT, b"Request Timeout\n")
        except web.RequestPayloadError:
            return bad_request("the body of the request is malformed")

    def _left(self, task: asyncio.Task[Response]) -> None:
        """What became of a request whose client is gone interests nobody, unless it is a fault of the handler."""
        self.inside.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, LostError):
            asyncio.get_running_loop().call_exception_handler(
                {"message": "A handler of the lab failed.", "exception": error}
            )


def _understood(incoming: web.BaseRequest, target: str, body: bytes) -> Request:
    path, query = split(target)
    transport = incoming.transport
    source = transport.get_extra_info("peername") if transport else None
    return Request(
        method=incoming.method,
        path=path,
        query=query,
        headers=_headers(incoming),
        body=body,
        source=source[0] if source else "127.0.0.1",
        port=source[1] if source else 0,
        certificate=peer(transport.get_extra_info("peercert")) if transport else None,
        target=target,
    )


def _headers(incoming: web.BaseRequest) -> dict[str, str]:
    """Header fields by lower-case name; a field that comes several times is a list."""
    found: dict[str, str] = {}
    for name, value in incoming.headers.items():
        key = name.lower()
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


async def _sent(incoming: web.BaseRequest, response: Response, *, last: bool = False) -> web.StreamResponse:
    """Send an answer.

    Args:
        incoming: What it answers.
        response: The answer.
        last: Whether the connection ends with it.
    """
    if response.stream is None:
        whole = web.Response(status=response.status, headers=response.headers, body=response.body)
        if last:
            whole.force_close()
        return whole
    outgoing = web.StreamResponse(status=response.status, headers=response.headers)
    outgoing.enable_chunked_encoding()
    try:
        await outgoing.prepare(incoming)
        async for chunk in response.stream:
            await outgoing.write(chunk)
        await outgoing.write_eof()
    finally:
        await _closed(response.stream)
    return outgoing


def _cut(incoming: web.BaseRequest) -> None:
    """Reset the connection, so that no answer leaves."""
    if incoming.transport is not None:
        incoming.transport.abort()


async def _closed(stream: AsyncIterator[bytes]) -> None:
    """End a stream early, if it can be ended."""
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()


def _too_large() -> Response:
    """Source: apimachinery pkg/api/errors/errors.go (NewRequestEntityTooLargeError)."""
    message = f"Request entity too large: limit is {MAX_BODY}"
    return failure(413, "RequestEntityTooLarge", message)
