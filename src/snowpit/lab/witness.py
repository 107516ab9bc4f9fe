"""What a lab's API server tells of itself while it works: evidence is written by whoever listens.

The path of a request calls a witness at the moments at which a real API server counts, logs or audits. ``Silent``
hears nothing; ``evidence`` holds the real ones. A witness never waits and never fails.
"""

from typing import Protocol

from snowpit.lab.api.resources import Resource
from snowpit.lab.exchange import Exchange
from snowpit.lab.wire import Response


class Witness(Protocol):
    """The moments."""

    def authenticated(self, exchange: Exchange, result: str, seconds: float, message: str) -> None:
        """A request passed the chain: ``success``, ``failure`` (no credential was known) or ``error`` (refused), with its text."""

    def authorized(self, exchange: Exchange) -> None:
        """It was decided whether it may do what it asks for."""

    def admitted(self, exchange: Exchange, taken: int) -> None:
        """It got its seat; ``taken`` seats of its kind (read-only or mutating) are now held."""

    def dropped(self, exchange: Exchange, reason: str) -> None:
        """The gate refused it: ``full``, or the rejection reason of priority and fairness."""

    def began(self, exchange: Exchange, stage: str) -> None:
        """The audit stage RequestReceived or ResponseStarted is reached."""

    def answered(self, exchange: Exchange, response: Response) -> None:
        """The handler (or the gate, or authorization) has answered: audit stage ResponseComplete, request metrics."""

    def sent(self, exchange: Exchange, response: Response) -> None:
        """What the client got has left the server: the access line. May be the outer time limit's 504 instead."""

    def freed(self, exchange: Exchange, taken: int) -> None:
        """It gave its seat back; ``taken`` seats of its kind are still held."""

    def terminated(self, exchange: Exchange, source: str) -> None:
        """It was cut off: by ``filter`` (outer limit) or ``handler`` (inner limit)."""

    def late(self, exchange: Exchange, response: Response) -> None:
        """The work on it has ended after it was cut off by the outer limit."""

    def cache(self, hit: bool) -> None:  # noqa: FBT001 - one fact
        """The token cache was asked."""

    def fetched(self, ok: bool, seconds: float) -> None:  # noqa: FBT001
        """A look-up of a token ended."""

    def validated(self, legacy: bool) -> None:  # noqa: FBT001
        """A ServiceAccount token was found good."""

    def paced(self, verb: str, url: str, waited: float) -> None:
        """A loopback request waited ``waited`` s (or none) at its client's limiter before it was sent."""

    def looped(self, verb: str, url: str, code: int, seconds: float) -> None:
        """A loopback request was answered (code 0: connection lost)."""

    def stored(self, operation: str, resource: Resource, seconds: float) -> None:
        """The store did something: ``get``, ``list``, ``create``, ``update``, ``delete`` of a resource."""

    def missed(self, namespace: str, secret: str, account: str, message: str) -> None:
        """The Secret of a ServiceAccount token could not be read."""


class Silent:
    """A witness that hears nothing."""

    def authenticated(self, exchange: Exchange, result: str, seconds: float, message: str) -> None:
        """Nothing."""

    def authorized(self, exchange: Exchange) -> None:
        """Nothing."""

    def admitted(self, exchange: Exchange, taken: int) -> None:
        """Nothing."""

    def dropped(self, exchange: Exchange, reason: str) -> None:
        """Nothing."""

    def began(self, exchange: Exchange, stage: str) -> None:
        """Nothing."""

    def answered(self, exchange: Exchange, response: Response) -> None:
        """Nothing."""

    def sent(self, exchange: Exchange, response: Response) -> None:
        """Nothing."""

    def freed(self, exchange: Exchange, taken: int) -> None:
        """Nothing."""

    def terminated(self, exchange: Exchange, source: str) -> None:
        """Nothing."""

    def late(self, exchange: Exchange, response: Response) -> None:
        """Nothing."""

    def cache(self, hit: bool) -> None:  # noqa: FBT001
        """Nothing."""

    def fetched(self, ok: bool, seconds: float) -> None:  # noqa: FBT001
        """Nothing."""

    def validated(self, legacy: bool) -> None:  # noqa: FBT001
        """Nothing."""

    def paced(self, verb: str, url: str, waited: float) -> None:
        """Nothing."""

    def looped(self, verb: str, url: str, code: int, seconds: float) -> None:
        """Nothing."""

    def stored(self, operation: str, resource: Resource, seconds: float) -> None:
        """Nothing."""

    def missed(self, namespace: str, secret: str, account: str, message: str) -> None:
        """Nothing."""
