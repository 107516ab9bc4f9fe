"""What a server tells of itself beside its API: /metrics, and under priority and fairness the dumps and headers of that."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec

from snowpit.knowledge.version import Version
from snowpit.lab.api.fairness import GROUP
from snowpit.lab.api.resources import table
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import Exchange
from snowpit.lab.inside import Inside
from snowpit.lab.server.fairness import Fairness
from snowpit.lab.server.fairness_dumps import Dumps
from snowpit.lab.server.gate import Gate
from snowpit.lab.storage import Store
from snowpit.lab.wire import Response
from snowpit.lab.witness import Witness

METRICS_TYPE = {"Content-Type": "text/plain; version=0.0.4"}
DUMP_TYPE = {"Content-Type": "text/plain; charset=utf-8"}
HEADERS = {
    f"flowschemas.{GROUP}": "X-Kubernetes-PF-FlowSchema-UID",
    f"prioritylevelconfigurations.{GROUP}": "X-Kubernetes-PF-PriorityLevel-UID",
}


class Itself:
    """A server that is asked about itself.

    Args:
        version: Its version.
        clock: The lab's clock.
        gate: The gate, or priority and fairness.
        store: What is counted of stored objects, and the UIDs of flow schemas and levels.
        witness: Shows metrics, if it keeps any.
        status: The server's status.
    """

    def __init__(
        self,
        version: Version | None,
        clock: Clock,
        *,
        gate: Gate | Fairness,
        store: Store,
        witness: Witness,
        status: Callable[[], Mapping[str, object]],
    ) -> None:
        self._clock, self._gate, self._store, self._status = clock, gate, store, status
        self._expose: Callable[[Inside], bytes] | None = getattr(witness, "expose", None)
        self._kept = [one.qualified for one in table(version).values() if one.stored]
        fair = isinstance(gate, Fairness)
        self._dumps = Dumps(version or Version(1, 34), clock) if fair else None

    def get(self, exchange: Exchange) -> Response | None:
        """The answer to a request for a path of its own; null if it is none."""
        path = exchange.info.path
        if path == "/metrics" and self._expose is not None:
            return Response(200, METRICS_TYPE, self._expose(self._inside()))
        if self._dumps is None or exchange.info.resource_request:
            return None
        found = self._dumps.get(path, exchange.request.query, self._gate.views(self._ahead()))
        return None if found is None else Response(200, DUMP_TYPE, found)

    def marked(self, exchange: Exchange, response: Response) -> Response:
        """A response with the UIDs of the request's flow schema and priority level, which says nothing of their names."""
        if not exchange.flow_schema:
            return response
        names = (exchange.flow_schema, exchange.priority_level)
        marks = {
            header: self._uid(resource, name)
            for (resource, header), name in zip(HEADERS.items(), names, strict=True)
        }
        return replace(response, headers={**response.headers, **marks})

    def _uid(self, resource: str, name: str) -> str:
        found = self._store.peek(resource, "", name)
        if found is None:
            return ""
        return str(msgspec.json.decode(found, type=dict).get("metadata", {}).get("uid", ""))

    def _ahead(self) -> float:
        """The lab's clock less the loop's, s."""
        return self._clock.now() - asyncio.get_running_loop().time()

    def _inside(self) -> Inside:
        objects = {name: self._store.count(name) for name in self._kept}
        return Inside(status=self._status(), levels=self._gate.views(self._ahead()), objects=objects)
