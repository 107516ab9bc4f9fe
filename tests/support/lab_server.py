"""One API server of a lab in memory, with ServiceAccounts and their tokens, for tests of its path."""

import asyncio
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from joserfc.jwk import RSAKey

from snowpit.cluster.change import apply
from snowpit.cluster.scenario_file import load
from snowpit.knowledge.facts import Value
from snowpit.lab.api import bootstrap
from snowpit.lab.api.fairness import objects
from snowpit.lab.authority import Signer, Verifier
from snowpit.lab.authority.tokens import rsa
from snowpit.lab.clock import Clock
from snowpit.lab.evidence import Evidence
from snowpit.lab.server import ApiServer
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.storage.latency import latency
from snowpit.lab.wire import NOBODY, Certificate, Credential, Network, Request, Response
from snowpit.lab.witness import Silent, Witness
from support.service_accounts import account

ADDRESS = "127.0.0.1:6443"
ADMIN = Certificate("admin", ("system:masters",), "kubernetes")
CONSTANT: Mapping[str, Value] = {"loopback_read_sigma": 0.0}


@cache
def key() -> RSAKey:
    return rsa()


class Direct:
    """Calls the server; certificates are named by what they hold."""

    def __init__(self) -> None:
        self.server: ApiServer | None = None
        self.certificates: dict[str, Certificate] = {"admin": ADMIN}

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
        assert self.server is not None
        assert address == ADDRESS
        parts = urlsplit(target)
        all_headers = dict(headers or {})
        if credential.token:
            all_headers["authorization"] = f"Bearer {credential.token}"
        request = Request(
            method=method,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=all_headers,
            body=body,
            source=source or "127.0.0.1",
            certificate=self.certificates.get(credential.certificate),
            target=target,
        )
        task = asyncio.ensure_future(self.server.handle(request))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            request.gone.set()
            raise


class Bench:
    """A server, its store and what signs its tokens."""

    def __init__(
        self,
        version: str = "1.13.5",
        changes: Mapping[str, Value] | None = None,
        witness: Witness | None = None,
        folder: Path | None = None,
    ) -> None:
        """A server of a version; with a folder for evidence it writes that, and has the version's priority levels."""
        scenario = apply(load("healthy-1.12"), "version", version)
        for name, value in {**CONSTANT, **(changes or {})}.items():
            scenario = apply(scenario, name, value)
        self.plane = scenario.plane
        self.clock = Clock(asyncio.get_running_loop().time(), 1_577_836_800_000_000)
        self.store = Store(":memory:", self.clock, latency=latency(self.plane, 1, "apiserver-0"))
        self.store.load(bootstrap.objects(self.plane.version), stamp=self.clock.epoch)
        setup = ServerSetup(
            name="apiserver-0",
            address=ADDRESS,
            plane=self.plane,
            levels=scenario.levels if folder else (),
            pki=Path("/nonexistent"),
            evidence=folder,
        )
        if folder:
            witness = self.evidence = Evidence(setup, self.clock)
            self.store.load(objects(self.plane.version, scenario.levels), stamp=self.clock.epoch)
        self.network = Direct()
        self.signer = Signer(key())
        self.server = ApiServer(
            setup,
            self.network,
            self.store,
            clock=self.clock,
            witness=witness or Silent(),
            verifier=Verifier([key()]),
            signer=self.signer,
        )
        self.network.server = self.server

    def account(self, name: str, namespace: str = "bench") -> str:
        """A ServiceAccount with the token of a Secret."""
        token, objects = account(self.signer, name, namespace)
        self.store.load(objects, stamp=self.clock.epoch)
        return token

    async def review(self, token: str, credential: Credential = Credential(certificate="admin")) -> Response:  # noqa: B008
        """A TokenReview."""
        body = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": {"token": token}}
        network: Network = self.network
        return await network.send(
            ADDRESS,
            "POST",
            "/apis/authentication.k8s.io/v1/tokenreviews",
            credential=credential,
            headers={"content-type": "application/json"},
            body=msgspec.json.encode(body),
        )
