"""One API server of a lab, put together from its parts."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import Any, Protocol

from snowpit.cluster.change import set_parameter
from snowpit.cluster.control_plane import ControlPlane
from snowpit.knowledge.facts import Value
from snowpit.lab.api import Api
from snowpit.lab.api.info import request_info
from snowpit.lab.api.rbac import Authorizer
from snowpit.lab.api.status import too_many
from snowpit.lab.authentication import files
from snowpit.lab.authentication.accounts import Accounts
from snowpit.lab.authentication.cache import TokenCache
from snowpit.lab.authentication.chain import Chain, behind_cache
from snowpit.lab.authentication.kinds import TokenKinds
from snowpit.lab.authentication.lookups import Lookups
from snowpit.lab.authentication.loopback import Loopback
from snowpit.lab.authority import Signer, Verifier
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import Exchange
from snowpit.lab.server.fairness import Fairness
from snowpit.lab.server.gate import Gate
from snowpit.lab.server.itself import Itself
from snowpit.lab.server.limits import ending
from snowpit.lab.server.looking import ASKER, Looking
from snowpit.lab.server.minting import mint
from snowpit.lab.server.path import Path, audit_id
from snowpit.lab.server.tallies import Tallies
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.wire import LostError, Network, Request, Response
from snowpit.lab.witness import Witness

POPULATION = "x-lab-population"
"""Header in which a lab's clients name their population, for shedding."""


class _Configured(Protocol):
    """A part that takes on parameters while it runs."""

    def configure(self, plane: ControlPlane) -> None: ...


class ApiServer:
    """One API server; ``handle`` answers requests.

    Args:
        setup: What it is started with.
        network: Carries its requests to itself.
        store: What it keeps objects in.
        clock: The lab's clock.
        witness: Told of all that happens.
        verifier: Checks ServiceAccount tokens.
        signer: Makes them; null serves no TokenRequests.
    """

    def __init__(
        self,
        setup: ServerSetup,
        network: Network,
        store: Store,
        *,
        clock: Clock,
        witness: Witness,
        verifier: Verifier,
        signer: Signer | None = None,
    ) -> None:
        plane = setup.plane
        self._setup, self._clock, self._store, self._witness = setup, clock, store, witness
        self._tallies = Tallies()
        self._number = 0
        self._up = True
        self._looking = Looking(self._tallies, witness)
        self._shed: dict[str, float] = {}
        self._chance = Random(f"{setup.seed}:{setup.name}:shed")  # noqa: S311 - a simulation
        self._gate: Gate | Fairness = Fairness(setup) if setup.levels else Gate(plane)
        self._itself = Itself(
            plane.version, clock, gate=self._gate, store=store, witness=witness, status=self.status
        )
        self._loopback = Loopback(
            setup.address, secrets.token_hex(16), plane, network=network, witness=witness
        )
        self._lookups = Lookups(plane, self._loopback, store)
        self._accounts = Accounts(
            plane,
            verifier,
            self._lookups,
            clock=clock,
            witness=witness,
            begun=self._looking.begun,
            ended=self._looking.ended,
        )
        kinds = TokenKinds(plane, setup.pki, self._accounts, store=store, clock=clock)
        self._cache = TokenCache(plane, behind_cache(kinds.in_order()), self._cache_asked)
        passwords = files.passwords(setup.pki / "basic.csv")
        chain = Chain(plane, self._loopback.token, passwords, self._cache)
        authorizer = Authorizer(store)
        api = Api(
            setup,
            store,
            clock,
            authenticate=chain.review,
            authorizer=authorizer,
            witness=witness,
            mint=mint(signer) if signer else None,
        )
        self._path = Path(
            plane,
            clock,
            chain=chain,
            gate=self._gate,
            authorizer=authorizer,
            handler=self._own_paths(api),
            witness=witness,
            tallies=self._tallies,
            marked=self._itself.marked,
        )

    def start(self) -> None:
        """It has just been started: informers list first."""
        self._lookups.restarted()

    async def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            LostError: If the server is stopped before it can answer.
        """
        if not self._up:
            raise LostError
        self._number += 1
        exchange = Exchange(
            request=request,
            info=request_info(request.method, request.path, request.query),
            arrived=self._clock.now(),
            audit_id=audit_id(self._number, self._setup.seed),
        )
        own = self._is_own(request)
        if not own:
            self._tallies.arrived()
        ASKER.set(exchange)
        if self._sheds(request):
            response = too_many(1)
        else:
            response = await self._path.pass_through(exchange)
        exchange.over = True
        if not own:
            self._tallies.ended(exchange, response)
        if response.stream is None:
            self._witness.sent(exchange, response)
            return response
        stream = ending(response.stream, lambda: self._witness.sent(exchange, response))
        return replace(response, stream=stream)

    async def stop(self) -> None:
        """Forget everything; who waits gets no answer."""
        self._up = False
        self._loopback.closed = True
        self._gate.close()

    def change(self, key: str, value: Value) -> None:
        """Change one of ``cluster.change.PARAMETERS`` while it runs."""
        plane = set_parameter(self._setup.plane, key, value, source="flag", place="lab")
        self._setup = replace(self._setup, plane=plane)
        parts: tuple[_Configured, ...] = (
            self._gate,
            self._loopback,
            self._lookups,
            self._accounts,
            self._cache,
            self._path,
        )
        for part in parts:
            part.configure(plane)

    def slow(self, factor: float) -> None:
        """Let the store take that many times as long."""
        self._store.factor = factor

    def shed(self, population: str, share: float) -> None:
        """Refuse that share of a population's attempts before anything else."""
        self._shed[population] = share

    def backlog(self, lookups: int) -> None:
        """Queue reads that nobody waits for at the loopback limiter."""
        self._looking.for_nobody(self._loopback, lookups)

    def status(self) -> dict[str, Any]:
        """Measures of ``model.sample.SERVER_MEASURES``, and who holds mutating seats."""
        return {
            **self._tallies.counts(),
            "loopback_reads": self._loopback.reads,
            "backlog": self._loopback.waiting,
            "throttle_wait_s": self._loopback.wait(),
            "dead_work": self._looking.dead(),
            "seats_mutating": self._gate.taken("mutating"),
            "seats_readonly": self._gate.taken("readonly"),
            "queued": self._gate.queued(),
            "authenticating": self._path.authenticating,
            "fresh_tokens": self._cache.fresh(),
            "fetching": self._cache.fetching,
            "blocked": self._cache.waiting,
            "holders": dict(self._gate.holders.most_common(10)),
        }

    def _is_own(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self._loopback.token}"

    def _sheds(self, request: Request) -> bool:
        share = self._shed.get(request.headers.get(POPULATION, ""), 0.0) if self._shed else 0.0
        return share > 0.0 and self._chance.random() < share

    def _cache_asked(self, hit: bool) -> None:  # noqa: FBT001 - one fact
        self._tallies.asked(hit)
        self._witness.cache(hit)

    def _own_paths(self, api: Api) -> Callable[[Exchange], Awaitable[Response]]:
        """The API, and beside it what the server tells of itself."""

        async def handle(exchange: Exchange) -> Response:
            found = None if exchange.info.resource_request else self._itself.get(exchange)
            return found or await api.handle(exchange)

        return handle
