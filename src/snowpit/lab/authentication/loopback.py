"""The client with which an API server asks itself, and its limiter.

It stands in line by reservation, as client-go does, then sends a real request to the server's own address. From 1.18
a request whose wait would outlast its deadline fails at once; before, whoever has left still holds his reservation.
Source: kubernetes/apiserver pkg/server/config_selfclient.go, client-go rest/request.go 1.12.0, 1.18.0.
"""

import asyncio

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lab.storage.latency import pause
from snowpit.lab.wire import Credential, LostError, Network, Response
from snowpit.lab.witness import Witness
from snowpit.mechanism import token_bucket


class HopelessError(Exception):
    """The wait at the limiter would outlast the request's deadline."""


class Loopback:
    """The client.

    Args:
        address: The server's own address.
        token: The server's own bearer token.
        plane: Parameters of the limiter.
        network: Carries its requests.
        witness: Hears of waits and answers.
    """

    def __init__(
        self, address: str, token: str, plane: ControlPlane, *, network: Network, witness: Witness
    ) -> None:
        self._address, self.token, self._credential = address, token, Credential(token=token)
        self._network, self._witness = network, witness
        self._agent = {"user-agent": f"kube-apiserver/v{plane.version} (linux/amd64) kubernetes/lab"}
        self._bucket: token_bucket.Bucket | None = None
        self.reads = 0
        self.waiting = 0
        self.closed = False
        """Whether the server has stopped: then nothing more is sent."""
        self.configure(plane)

    def configure(self, plane: ControlPlane) -> None:
        """Take on parameters."""
        self._rate = plane.number("loopback_qps") or 0.0
        self._burst = max(1.0, plane.number("loopback_burst") or 0.0)

    def wait(self) -> float:
        """How long a request made now would wait, s."""
        if self._bucket is None:
            return 0.0
        now = asyncio.get_running_loop().time()
        return token_bucket.wait_for(self._bucket, self._rate, self._burst, now)

    async def get(self, target: str, *, patience: float = float("inf")) -> Response:
        """GET a path of the server itself.

        Args:
            target: Path and query.
            patience: Seconds that the asker has left; infinity to 1.17, where no deadline reaches the limiter.

        Raises:
            HopelessError: If the wait would be longer than that.
            LostError: If the server cannot be reached.
        """
        await self.stand_in_line(target, patience=patience)
        if self.closed:
            raise LostError
        self.reads += 1
        url = f"https://{self._address}{target}"
        begin = asyncio.get_running_loop().time()
        try:
            response = await self._network.send(
                self._address, "GET", target, credential=self._credential, headers=self._agent
            )
        except LostError:
            self._witness.looped("GET", url, 0, asyncio.get_running_loop().time() - begin)
            raise
        self._witness.looped("GET", url, response.status, asyncio.get_running_loop().time() - begin)
        return response

    async def stand_in_line(self, target: str, *, patience: float = float("inf")) -> None:
        """Take a token of the limiter and wait until it may be used."""
        now = asyncio.get_running_loop().time()
        bucket = self._bucket or token_bucket.full(self._burst, now)
        self._bucket, wait, taken = token_bucket.reserve_within(
            bucket, self._rate, self._burst, now, patience
        )
        if not taken:
            raise HopelessError
        if wait > 0.0:
            await self._stand(wait)
        if self._rate > 0.0:
            self._witness.paced("GET", f"https://{self._address}{target}", wait)

    async def _stand(self, wait: float) -> None:
        self.waiting += 1
        try:
            await pause(wait)
        finally:
            self.waiting -= 1
