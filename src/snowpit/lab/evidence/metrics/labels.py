"""Labels of a request by version: verb, resource, scope and what else its families carry.

Source: kubernetes/apiserver pkg/endpoints/metrics/metrics.go 1.12 to 1.34 (cleanVerb, cleanScope); dumps of 1.13.5 to 1.34.0.
"""

from typing import NamedTuple

from snowpit.knowledge.version import Version
from snowpit.lab.evidence.metrics.exposition import Labels
from snowpit.lab.exchange import Exchange, RequestInfo

METHODS = {
    "get": "GET",
    "list": "LIST",
    "watch": "WATCH",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
COMPONENT = "apiserver"


class Shape(NamedTuple):
    """Labels of one request.

    Args:
        verb: Verb as shown.
        base: Of request families.
        timed: Of families that tell dry runs apart.
    """

    verb: str
    base: Labels
    timed: Labels


class Shapes:
    """Labels of requests, made once for each kind of request.

    Args:
        version: The server's version.
    """

    def __init__(self, version: Version) -> None:
        self._grouped = version.at_least("1.14.0")
        self._named = version.at_least("1.20.0")
        self._known: dict[tuple[object, ...], Shape] = {}

    def of(self, exchange: Exchange, *, verb: str = "") -> Shape:
        """Labels of a request.

        Args:
            exchange: The request.
            verb: Verb to show; empty for the method it stands for.
        """
        info = exchange.info
        shown = verb or METHODS.get(info.verb, info.verb.upper())
        dry = "All" if exchange.request.query.get("dryRun") == "All" else ""
        subresource = info.subresource if info.resource_request else info.path
        scope = self.scope(info)
        key = (shown, info.group, info.version, info.resource, subresource, scope, dry)
        found = self._known.get(key)
        if found is None:
            what = (
                ("resource", info.resource),
                ("scope", scope),
                ("subresource", subresource),
                ("verb", shown),
            )
            more = self._more(info)
            base = tuple(sorted((*what, *more)))
            found = self._known[key] = Shape(shown, base, (*base, ("dry_run", dry)))
        return found

    def _more(self, info: RequestInfo) -> Labels:
        if not self._grouped:
            return ()
        component = COMPONENT if info.resource_request else ""
        return (("component", component), ("group", info.group), ("version", info.version))

    def scope(self, info: RequestInfo) -> str:
        """``resource`` for one object (from 1.20), else ``namespace`` or ``cluster``; empty where no resource is meant."""
        if not info.resource_request:
            return ""
        if self._named and (info.name or info.verb == "create"):
            return "resource"
        return "namespace" if info.namespace else "cluster"
