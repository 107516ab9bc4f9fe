"""A handler behind a socket: HTTP/1.1 with TLS on loopback, by aiohttp.

A handler runs in a task of its own and goes on when its client hangs up. Slow, silent and vanished clients are cut off
after a while, so that none of them holds anything for ever.
"""

import asyncio
import logging
import os
import socket
import ssl

from aiohttp import web

from snowpit.errors import LabError
from snowpit.lab.network.adapter import PATIENCE, Adapter, Patience, request_of
from snowpit.lab.network.guard import place
from snowpit.lab.wire import Handler

BACKLOG = 4096
HANDSHAKE_S = 10.0
LINGER_S = 2.0

_QUIET = logging.getLogger("snowpit.lab.network")
_QUIET.disabled = True
"""aiohttp logs every request that it cannot parse; whoever sends one gets a 400, and that is all."""


class _Connection(web.RequestHandler):
    """A connection that does not say back what it could not parse: a token may stand in it."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request that cannot be parsed, and the end of the connection."""
        told = None if message is None else "Bad Request"
        return super().handle_error(request, status, exc, told)


class _Server(web.Server):
    """Makes such connections."""

    def __call__(self) -> web.RequestHandler:
        """One connection."""
        return _Connection(self, loop=self._loop, **self._kwargs)


class Listener:
    """A handler that listens; made by ``serve``."""

    def __init__(
        self, address: str, server: asyncio.Server, web_server: web.Server, adapter: Adapter
    ) -> None:
        self.address = address
        self._server, self._web_server, self._adapter = server, web_server, adapter

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._web_server.connections)

    def cut(self) -> None:
        """Go away as a killed process does: every request inside is lost, every connection is reset."""
        self._server.close()
        for task in self._adapter.inside:
            task.cancel()
        for connection in self._web_server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def close(self) -> None:
        """Go away, and wait until nothing is left."""
        self.cut()
        await asyncio.gather(*self._adapter.inside, return_exceptions=True)
        await self._web_server.shutdown(HANDSHAKE_S)


async def serve(
    handler: Handler, sock: socket.socket, context: ssl.SSLContext, patience: Patience = PATIENCE
) -> Listener:
    """Answer what comes to a socket.

    Args:
        handler: Answers requests.
        sock: As made by ``listen``.
        context: What it shows and trusts (``tls.server_context``); many listeners may share one.
        patience: How long it waits for clients.
    """
    adapter = Adapter(handler, patience)
    web_server = _Server(
        adapter.answer,
        request_factory=request_of,
        handler_cancellation=True,
        keepalive_timeout=patience.head,
        lingering_time=LINGER_S,
        auto_decompress=False,
        access_log=None,
        logger=_QUIET,
    )
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(patience.taken * 1000))
    server = await asyncio.get_running_loop().create_server(
        web_server, sock=sock, ssl=context, backlog=BACKLOG, ssl_handshake_timeout=HANDSHAKE_S
    )
    host, port = sock.getsockname()[:2]
    return Listener(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", server, web_server, adapter)


def listen(address: str) -> socket.socket:
    """A socket that takes connections from now on, whoever will answer them.

    Args:
        address: Loopback address; port 0 takes a free one.

    Raises:
        LabError: If the address is not on loopback, or is taken.
    """
    where = place(address)
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    try:
        return socket.create_server(where, family=family, backlog=BACKLOG)
    except OSError as error:
        raise LabError(
            f"The lab cannot listen on {address}: {os.strerror(error.errno or 0)}.",
            "End what listens there, or choose another port.",
        ) from error
