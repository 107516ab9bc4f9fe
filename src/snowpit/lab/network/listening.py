"""A network of sockets whose servers live in the same process, as a network in memory has them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext

from snowpit.lab.network.serving import Listener, listen, serve
from snowpit.lab.network.sockets import SocketNetwork
from snowpit.lab.wire import Handler


class ListeningNetwork(SocketNetwork):
    """The network; ``close`` it at the end.

    Args:
        folder: The lab's certificates and keys.
        context: What the server of an address shows and trusts.
    """

    def __init__(self, folder: Path, context: Callable[[str], SSLContext]) -> None:
        super().__init__(folder)
        self._shows = context
        self._listeners: dict[str, asyncio.Future[Listener]] = {}

    def attach(self, address: str, handler: Handler) -> None:
        """Put a handler behind an address.

        Raises:
            LabError: If the address is not on loopback, or is taken.
        """
        serving = serve(handler, listen(address), self._shows(address))
        self._listeners[address] = asyncio.ensure_future(serving)

    def detach(self, address: str) -> None:
        """Take it away: every request inside it is lost, and new ones find nobody."""
        found = self._listeners.pop(address, None)
        if found is None:
            return
        if found.done():
            _cut(found)
        else:
            found.add_done_callback(_cut)

    async def close(self) -> None:
        """Close all connections and servers."""
        await super().close()
        for serving in self._listeners.values():
            await (await serving).close()
        self._listeners.clear()


def _cut(serving: "asyncio.Future[Listener]") -> None:
    if not serving.cancelled():
        serving.result().cut()
