"""What a handler takes apart from look-ups of tokens: the scenario's law for the operation, else the store's."""

from collections.abc import Callable

from snowpit.cluster.workload import Delay, Operation
from snowpit.lab.chance import drawer
from snowpit.lab.exchange import Exchange, RequestInfo
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store

LOOPBACK = "system:apiserver"
"""User of the API server's own requests; their reads take the store's time."""

Laws = list[tuple[str, bool, Callable[[], float]]]


class Timing:
    """Draws the time of each handler.

    Args:
        setup: Laws of the scenario.
        store: Store, for its latency and slowness.
    """

    def __init__(self, setup: ServerSetup, store: Store) -> None:
        self._store = store
        self._laws: dict[tuple[str, str, str, str], Laws] = {}
        reviews = Operation(verb="create", group="authentication.k8s.io", resource="tokenreviews", etcd=False)
        access = Operation(
            verb="create", group="authorization.k8s.io", resource="subjectaccessreviews", etcd=False
        )
        for number, operation in enumerate(setup.services):
            self._add(operation, operation.service, f"{setup.seed}:{setup.name}:service:{number}")
        self._add(reviews, setup.review_service, f"{setup.seed}:{setup.name}:review")
        self._add(access, setup.access_service, f"{setup.seed}:{setup.name}:access")

    def of(self, exchange: Exchange) -> float:
        """What the handler of a request takes, s: nothing if its client has gone, as the store is not asked then."""
        if exchange.request.gone.is_set():
            return 0.0
        user = exchange.user
        if user is None or user.name != LOOPBACK:
            info = exchange.info
            for namespace, slowed, draw in self._laws.get(_key(info), ()):
                if namespace in ("", info.namespace):
                    return draw() * self._store.factor if slowed else draw()
        return self._store.draw()

    def _add(self, operation: Operation, law: Delay, stream: str) -> None:
        # What an informer costs is its list; a watch only begins.
        verb = "list" if operation.verb == "watch" else operation.verb
        key = (verb, operation.group, operation.resource, operation.subresource)
        self._laws.setdefault(key, []).append((operation.namespace, operation.etcd, drawer(law, stream)))


def _key(info: RequestInfo) -> tuple[str, str, str, str]:
    return info.verb, info.group, info.resource, info.subresource
