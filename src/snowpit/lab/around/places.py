"""Which API server each client uses: its own by number, or another while its own is lost."""

from collections.abc import Sequence


class Places:
    """Addresses of the servers, and who goes where.

    Args:
        addresses: Addresses by number of the server.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = list(addresses)
        self._lost: set[int] = set()

    def server(self, client: int) -> int:
        """The server of a client."""
        home = client % len(self._addresses)
        if home not in self._lost:
            return home
        left = [number for number in range(len(self._addresses)) if number not in self._lost]
        return left[client // len(self._addresses) % len(left)] if left else home

    def address(self, client: int) -> str:
        """Its address."""
        return self._addresses[self.server(client)]

    def move(self, server: int, *, away: bool) -> None:
        """The clients of a server go elsewhere, or come back."""
        if away:
            self._lost.add(server)
        else:
            self._lost.discard(server)
