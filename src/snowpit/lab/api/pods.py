"""The binding of a pod to a node, which is how a scheduler places it.

Source: pkg/registry/core/pod/storage/storage.go (BindingREST), 1.12 to 1.28.
"""

from typing import Any

from snowpit.lab.api import bodies
from snowpit.lab.api.bodies import refuse
from snowpit.lab.api.objects import Target, dry_run
from snowpit.lab.api.shown import answer_object
from snowpit.lab.exchange import Exchange
from snowpit.lab.storage import ConflictError, Store, edits
from snowpit.lab.wire import Response


class Pods:
    """Handler of bindings.

    Args:
        store: Store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def bind(self, exchange: Exchange, target: Target) -> Response:
        """POST of a Binding."""
        item = bodies.parse(exchange.request, "Binding")
        exchange.body = item
        bodies.check_kind(item, target.resource, target.version, kind="Binding")
        held = item.get("target")
        node = held.get("name") if isinstance(held, dict) else None
        if not isinstance(node, str) or not node:
            refuse("Binding: target.name: Required value")

        def bound(pod: dict[str, Any]) -> dict[str, Any]:
            spec = pod.get("spec") or {}
            if spec.get("nodeName"):
                name = pod["metadata"]["name"]
                raise ConflictError(f'pod {name} is already assigned to node "{spec["nodeName"]}"')
            return {**pod, "spec": {**spec, "nodeName": node}}

        key, dry = target.key(exchange), dry_run(exchange, target.resource)
        await self._store.apply(lambda writing: edits.change(writing, key, bound, dry=dry), took=target.took)
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        return answer_object(exchange, 201, status)
