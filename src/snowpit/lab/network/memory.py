"""A network in memory: sending is a call of the handler behind an address.

The handler runs in a task of its own, so it goes on when its client hangs up; a server that is detached loses whatever it has
taken in. A stream is pumped by a task of the server's side too, so it breaks when the server goes and ends when its reader leaves.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from typing import Any

from snowpit.lab.network.targets import shown, split
from snowpit.lab.wire import NOBODY, Certificate, Credential, Handler, LostError, Request, Response

PORTS = 64_000
FIRST_PORT = 1024


class MemoryNetwork:
    """The network.

    Args:
        certificates: Client certificates by the names that credentials use.
    """

    def __init__(self, certificates: Mapping[str, Certificate]) -> None:
        self._certificates = certificates
        self._handlers: dict[str, Handler] = {}
        self._inside: dict[str, set[asyncio.Task[Any]]] = defaultdict(set)
        self._sent = 0

    def attach(self, address: str, handler: Handler) -> None:
        """Put a handler behind an address."""
        self._handlers[address] = handler

    def detach(self, address: str) -> None:
        """Take it away: every request inside it is lost, and new ones find nobody."""
        self._handlers.pop(address, None)
        for task in self._inside.pop(address, set()):
            task.cancel()

    async def send(
        self,
        address: str,
        method: str,
        target: str,
        *,
        credential: Credential = NOBODY,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        source: str = "",
    ) -> Response:
        """Send one request; see ``wire.Network``.

        Raises:
            LostError: If nobody is there, or the server goes away.
        """
        handler = self._handlers.get(address)
        if handler is None:
            raise LostError
        self._sent += 1
        path, query = split(target)
        request = Request(
            method=method,
            path=path,
            query=query,
            headers=shown(headers, credential),
            body=body,
            source=source or "127.0.0.1",
            port=FIRST_PORT + self._sent % PORTS,
            certificate=self._certificates.get(credential.certificate),
            target=target,
        )
        inside = self._inside[address]
        task = asyncio.ensure_future(handler(request))
        inside.add(task)
        task.add_done_callback(inside.discard)
        try:
            response = await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise LostError from None
            request.gone.set()
            task.add_done_callback(_seen)
            raise
        if response.stream is None:
            return response
        carried = _carried(response.stream, request, inside)
        return Response(response.status, response.headers, stream=carried)


async def _carried(
    stream: AsyncIterator[bytes], request: Request, inside: set[asyncio.Task[Any]]
) -> AsyncIterator[bytes]:
    """Chunks of a stream, as the server's side gives them.

    Raises:
        LostError: If the server goes away.
    """
    chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
    pump = asyncio.ensure_future(_pump(stream, chunks))
    inside.add(pump)
    pump.add_done_callback(inside.discard)
    pump.add_done_callback(lambda _: chunks.put_nowait(None))
    try:
        while (chunk := await chunks.get()) is not None:
            yield chunk
        if pump.cancelled():
            raise LostError
        pump.result()
    finally:
        request.gone.set()
        pump.cancel()


async def _pump(stream: AsyncIterator[bytes], chunks: "asyncio.Queue[bytes | None]") -> None:
    """Put chunks into a queue until the stream ends or this task does."""
    try:
        async for chunk in stream:
            chunks.put_nowait(chunk)
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


def _seen(task: "asyncio.Task[Response]") -> None:
    """What a request comes to whose client has left interests nobody."""
    if not task.cancelled():
        task.exception()
