"""The API of a lab on virtual time, asked as a server would ask it, without a server."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from snowpit.cluster.control_plane import Sourced, build, with_values
from snowpit.cluster.flow_schemas import levels
from snowpit.knowledge.version import Version
from snowpit.lab import virtual
from snowpit.lab.api import Api, bootstrap, fairness
from snowpit.lab.api.info import request_info
from snowpit.lab.api.rbac import Authorizer
from snowpit.lab.api.reviews import Authenticate
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import AuthenticationError, Exchange, User
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.wire import Request, Response
from snowpit.lab.witness import Silent

CLOCK = Clock(0.0, 1_577_836_800_000_000)
MASTER = User("admin", groups=("system:masters", "system:authenticated"))
ROBOT = User(
    "system:serviceaccount:kube-system:robot", "uid-1", ("system:serviceaccounts", "system:authenticated")
)


class Asked:
    """An API and a way to ask it.

    Args:
        api: The API.
        store: Its store.
        authorizer: Its authorizer.
    """

    def __init__(self, api: Api, store: Store, authorizer: Authorizer) -> None:
        self.api = api
        self.store = store
        self.authorizer = authorizer
        self.last: Exchange | None = None

    async def raw(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        user: User = MASTER,
        request: Request | None = None,
    ) -> Response:
        """The response to a request."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = request or Request(
            method=method, path=parts.path, query=query, headers=headers or {}, body=body, target=target
        )
        info = request_info(asked.method, asked.path, asked.query)
        self.last = Exchange(asked, info, CLOCK.now(), "id", user=user)
        return await self.api.handle(self.last)

    async def ask(self, method: str, target: str, item: object = None, **options: Any) -> tuple[int, Any]:
        """Status and parsed body."""
        body = b"" if item is None else json.dumps(item).encode()
        answer = await self.raw(method, target, body, **options)
        media = answer.headers["Content-Type"]
        return answer.status, json.loads(answer.body) if media == "application/json" else answer.body


async def authenticate(token: str, audiences: tuple[str, ...]) -> User | None:
    """Knows one token, refuses one, and takes a second for each."""
    await asyncio.sleep(1.0)
    if token == "revoked":  # noqa: S105 - a word of the tests
        raise AuthenticationError("[invalid bearer token, Token has been invalidated]")
    return ROBOT if token == "good" and audiences in ((), ("api",)) else None  # noqa: S105


def asked_api(version: str = "1.12.4", chain: Authenticate = authenticate, **setup: Any) -> Asked:
    """An API of a version, its store as a new cluster's."""
    plane = build(version=Version.parse(version))
    plane = with_values(plane, {"version": Sourced(version, "", "flag", "")})
    server = ServerSetup(name="apiserver-0", address="127.0.0.1:6443", plane=plane, pki=Path(), **setup)
    store = Store(":memory:", CLOCK)
    store.load(bootstrap.objects(plane.version), stamp=CLOCK.epoch)
    store.load(fairness.objects(plane.version, levels(plane)), stamp=CLOCK.epoch)
    authorizer = Authorizer(store)
    api = Api(
        server,
        store,
        CLOCK,
        authenticate=chain,
        authorizer=authorizer,
        witness=Silent(),
        mint=lambda claims: "|".join(map(str, claims)),
    )
    return Asked(api, store, authorizer)


def on_api(body: Callable[[Asked], Awaitable[None]], version: str = "1.12.4", **setup: Any) -> None:
    """Run a test against an API of a version on virtual time."""

    async def main() -> None:
        asked = asked_api(version, **setup)
        await body(asked)
        asked.store.close()

    virtual.run(main())
