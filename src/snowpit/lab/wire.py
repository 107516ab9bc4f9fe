"""What travels between the parties of a lab: requests and responses as plain data, whoever carries them.

A *handler* answers a request. A *network* carries a request to the handler behind an address: over real sockets on
wall time, by a call in memory on virtual time. A client that hangs up cancels its ``send``; the server notices that by
``Request.gone`` and decides itself, by its version, whether that ends anything.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Certificate(NamedTuple):
    """A client certificate that the TLS layer has verified.

    Args:
        common_name: User name.
        organizations: Groups.
        issuer: Common name of the authority that signed it; a server tells client and front-proxy authorities apart by it.
    """

    common_name: str
    organizations: tuple[str, ...]
    issuer: str


class Credential(NamedTuple):
    """What a client shows. All parts may be given at once, as in Kubernetes.

    Args:
        certificate: Client certificate by name, empty for none: the stem of ``<name>.crt`` and ``<name>.key`` in the
            lab's folder of certificates; in memory, a key of the network's table of certificates.
        token: Bearer token, empty for none.
        basic: ``user:password``, empty for none.
    """

    certificate: str = ""
    token: str = ""
    basic: str = ""

    def __repr__(self) -> str:
        """Never shows a secret."""
        return f"Credential(certificate={self.certificate!r}, token={bool(self.token)}, basic={bool(self.basic)})"


@dataclass(slots=True, kw_only=True)
class Request:
    """One request.

    Args:
        method: ``GET``, ``POST`` ...
        path: Decoded path without query.
        query: Query parameters, last value of each.
        headers: By lower-case name.
        body: Body, not longer than the server reads (an adapter refuses more with 413).
        source: Address of the client.
        port: Port of the client, 0 if it has none.
        certificate: Verified client certificate, if one was shown.
        target: Path and query as they came, for logs.
        gone: Set when the client has hung up.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    source: str = "127.0.0.1"
    port: int = 0
    certificate: Certificate | None = None
    target: str = ""
    gone: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Response:
    """One response.

    Args:
        status: HTTP status.
        headers: Header fields.
        body: The whole body, unless there is a stream.
        stream: Chunks of a watch, as they come; null for an ordinary response.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    stream: AsyncIterator[bytes] | None = None


NOBODY = Credential()
"""Shows nothing."""

Handler = Callable[[Request], Awaitable[Response]]


class LostError(Exception):
    """The connection was refused, reset or closed before an answer came."""


class Network(Protocol):
    """Carries requests to addresses."""

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
        """Send one request and wait for its answer, however long it takes; the caller sets its own time limit.

        Args:
            address: ``127.0.0.1:6443``.
            method: Method.
            target: Path and query.
            credential: What the client shows.
            headers: Further header fields.
            body: Body.
            source: Loopback address to send from; empty for any.

        Raises:
            LostError: If there is no connection, or it breaks.
        """
        ...
