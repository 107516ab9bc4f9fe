"""The API of a lab behind WSGI, each request on virtual time, for tools that test an API by its description."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from snowpit.lab import virtual
from snowpit.lab.api.info import request_info
from snowpit.lab.exchange import Exchange
from snowpit.lab.wire import Request, Response
from support.lab_api import MASTER, Asked, asked_api

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Application:
    """The WSGI application; everybody is an administrator.

    Args:
        version: Version of the server.
    """

    def __init__(self, version: str) -> None:
        self.api: Asked = asked_api(version)

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request; watches, which never end here, are asked as lists."""
        body: BytesIO = environ["wsgi.input"]
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        query = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)
        request = Request(
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
            query={name: value for name, value in query if name != "watch"},
            headers=headers,
            body=body.read(int(environ.get("CONTENT_LENGTH") or 0)),
        )
        answer = virtual.run(self._answer(request))
        status = HTTPStatus(answer.status)
        start(f"{status.value} {status.phrase}", list(answer.headers.items()))
        return [answer.body]

    async def _answer(self, request: Request) -> Response:
        info = request_info(request.method, request.path, request.query)
        return await self.api.api.handle(Exchange(request, info, 0.0, "id", user=MASTER))
