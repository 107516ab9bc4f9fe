"""A network of sockets: HTTPS on loopback, by aiohttp.

Clients that show the same certificate share connections that are free; a request has its connection for itself.
Servers are known by the lab's own authority and one name, whatever address they listen on.
"""

from collections.abc import AsyncIterator, Mapping
from io import BytesIO
from pathlib import Path
from ssl import SSLContext

import aiohttp
from yarl import URL

from snowpit.lab.network.guard import loopback, place, raise_open_files
from snowpit.lab.network.targets import shown, split
from snowpit.lab.network.tls import NAME, client_context
from snowpit.lab.wire import NOBODY, Credential, LostError, Response

CONNECT_S = 10.0
IDLE_S = 90.0
"""net/http's DefaultTransport, as client-go's, keeps a free connection for so long."""

LONGEST_LINE = 1 << 16


class SocketNetwork:
    """The network; ``close`` it at the end.

    Args:
        folder: The lab's certificates and keys.

    It raises the process's limit of open files to what the system allows.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._contexts: dict[str, SSLContext] = {}
        raise_open_files()

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
            LostError: If there is no connection, or it breaks.
            LabError: If an address is not on loopback, or a certificate is missing.
        """
        place(address)
        try:
            response = await self._session(source).request(
                method,
                URL(f"https://{address}{target}", encoded=True),
                headers=shown(headers, credential),
                data=BytesIO(body) if body else None,
                ssl=self._context(credential.certificate),
                server_hostname=NAME,
                allow_redirects=False,
            )
            if _watches(target) and response.status == 200:  # noqa: PLR2004 - OK
                return Response(200, response.headers, stream=_chunks(response))
            async with response:
                return Response(response.status, response.headers, await response.read())
        except (aiohttp.ClientError, OSError) as error:
            raise LostError from error

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    def _session(self, source: str) -> aiohttp.ClientSession:
        """Connections from one address."""
        found = self._sessions.get(source)
        if found is None:
            connector = aiohttp.TCPConnector(
                limit=0,
                keepalive_timeout=IDLE_S,
                local_addr=(loopback(source), 0) if source else None,
                use_dns_cache=False,
            )
            found = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                skip_auto_headers=("User-Agent", "Content-Type"),
                max_line_size=LONGEST_LINE,
                max_field_size=LONGEST_LINE,
            )
            self._sessions[source] = found
        return found

    def _context(self, certificate: str) -> SSLContext:
        found = self._contexts.get(certificate)
        if found is None:
            found = self._contexts[certificate] = client_context(self._folder, certificate)
        return found


def _watches(target: str) -> bool:
    return split(target)[1].get("watch", "") in ("1", "true")


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """What comes, until the server ends it or the reader leaves.

    Raises:
        LostError: If the connection breaks.
    """
    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except (aiohttp.ClientError, OSError) as error:
        raise LostError from error
    finally:
        response.close()
