"""Asks a Prometheus server over HTTP, a few queries at a time, each in pages, with time limits and further tries."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from snowpit.errors import EvidenceError
from snowpit.ingest.metrics.queries import Query, names, queries
from snowpit.ingest.prometheus.server import Server, Stretch

AT_ONCE = 4
"""Queries under way at once: Prometheus answers 20 by default, and has others to serve."""

MOST_SERIES = 2000
"""Series taken of one answer."""

LARGEST = 256 << 20
"""Bytes of one answer that are read."""

_RETRIED = frozenset((429, 500, 502, 503, 504))
_UNAUTHORISED = frozenset((401, 403))

Series = list[Mapping[str, Any]]


class Answer:
    """What a query gave, page after page."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self.series: Series = []
        self.cut = False
        self.failed = ""

    def take(self, series: Series) -> None:
        """Take one page."""
        self.cut = self.cut or len(series) > MOST_SERIES
        self.series.extend(series[:MOST_SERIES])


async def answers(server: Server, stretch: Stretch) -> AsyncIterator[Answer]:
    """Answers of all queries for which the server has series, in order of the queries.

    Raises:
        EvidenceError: If the server cannot be reached, refuses the login, or is no Prometheus.
    """
    async with _session(server) as session:
        exposed = await _exposed(session, server, stretch)
        asked = queries(exposed, stretch.step)
        for start in range(0, len(asked), AT_ONCE):
            some = asked[start : start + AT_ONCE]
            for answer in await asyncio.gather(
                *(_answer(session, server, stretch, query=query) for query in some)
            ):
                yield answer


@asynccontextmanager
async def _session(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    context: ssl.SSLContext | bool = True
    if server.ca:
        try:
            context = ssl.create_default_context(cafile=server.ca)
        except (OSError, ssl.SSLError) as error:
            raise EvidenceError(
                f"{server.ca} holds no certificates that can be read.", "Give a file in PEM format."
            ) from error
    async with aiohttp.ClientSession(
        headers={"Authorization": server.authorization} if server.authorization else {},
        timeout=aiohttp.ClientTimeout(total=server.timeout_s),
        connector=aiohttp.TCPConnector(ssl=context, limit=AT_ONCE),
    ) as session:
        yield session


async def _exposed(session: aiohttp.ClientSession, server: Server, stretch: Stretch) -> Sequence[str]:
    """Names that the server has in a stretch of time, of those that may be asked for."""
    times = {"start": f"{stretch.start:.3f}", "end": f"{stretch.end:.3f}"}
    try:
        given = await _get(session, server, "label/__name__/values", parameters=times)
    except _QueryRefusedError as error:
        raise EvidenceError(
            f"{server.label} does not tell which metrics it has ({error}).", "Look at the log of that server."
        ) from None
    wanted = set(names())
    return [name for name in given if name in wanted] if isinstance(given, list) else []


async def _answer(
    session: aiohttp.ClientSession, server: Server, stretch: Stretch, *, query: Query
) -> Answer:
    answer = Answer(query)
    for start, end in stretch.pages():
        parameters = {
            "query": query.text,
            "start": f"{start:.3f}",
            "end": f"{end:.3f}",
            "step": str(stretch.step),
            "timeout": f"{server.timeout_s:.0f}s",
        }
        try:
            data = await _get(session, server, "query_range", parameters=parameters)
        except _QueryRefusedError as error:
            answer.failed = str(error)
            break
        result = data.get("result") if isinstance(data, dict) else None
        answer.take([item for item in result or () if isinstance(item, dict)])
    return answer


class _QueryRefusedError(Exception):
    """The server answers, but not this query."""


async def _get(
    session: aiohttp.ClientSession, server: Server, path: str, *, parameters: Mapping[str, str]
) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The field ``data`` of an answer, with further tries where the server is busy or the connection breaks."""
    url = f"{server.label}/api/v1/{path}"
    posts = path == "query_range"  # a query may be longer than an address
    for left in reversed(range(server.attempts)):
        try:
            async with session.request(
                "POST" if posts else "GET",
                url,
                allow_redirects=False,
                data=parameters if posts else None,
                params=None if posts else parameters,
            ) as response:
                if response.status not in _RETRIED or not left:
                    return await _data(response, server)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if not left or isinstance(error, aiohttp.ClientConnectorCertificateError):
                raise _unreachable(server, error) from None
        await asyncio.sleep(server.pause_s * 2 ** (server.attempts - 1 - left))
    raise _unreachable(server, TimeoutError())


async def _data(response: aiohttp.ClientResponse, server: Server) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What a server answered, if it is a Prometheus that answers."""
    if response.status in _UNAUTHORISED:
        raise EvidenceError(
            f"{server.label} refuses the login ({response.status}).",
            "Set SNOWPIT_PROMETHEUS_TOKEN, or SNOWPIT_PROMETHEUS_USER and _PASSWORD, or give --prometheus-auth FILE.",
        )
    found = _decoded(await _body(response))
    if response.status == 200 and found.get("status") == "success" and "data" in found:  # noqa: PLR2004 - OK
        return found["data"]
    if found.get("status") == "error":
        raise _QueryRefusedError(f"{response.status} {found.get('errorType', '')}"[:100])
    raise EvidenceError(
        f"{server.label} does not answer like a Prometheus server (status {response.status}).",
        "Give the address without /api/v1, with the path under which it is served, if any.",
    )


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The whole body; nothing of one that is too large."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(1 << 20):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            return b""
    return b"".join(parts)


def _decoded(body: bytes) -> Mapping[str, Any]:
    """The object that a body holds; an empty one if it holds none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _unreachable(server: Server, error: Exception) -> EvidenceError:
    """The error for a server that cannot be asked; the library's message may quote the address, so its class is told."""
    why = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = "its certificate is not trusted"
    return EvidenceError(
        f"{server.label} cannot be asked: {why}.",
        "Check the address, or make it reachable: kubectl -n monitoring port-forward svc/prometheus 9090"
        " (for a private certificate authority: --prometheus-ca FILE)",
    )
