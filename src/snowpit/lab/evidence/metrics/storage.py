"""The store in /metrics, under the names of a server over etcd.

To 1.13 a server over etcd 3 exposes no times of the store (recorded with 1.13.5). The label ``type`` holds Go types to 1.25,
resources later, and gives way to group and resource in 1.34.
Source: kubernetes/apiserver pkg/storage/etcd3/metrics/metrics.go 1.14 to 1.34; dumps of 1.13.5 to 1.34.0.
"""

from snowpit.knowledge.version import Version
from snowpit.lab.api.resources import Resource, table
from snowpit.lab.evidence.metrics import bounds
from snowpit.lab.evidence.metrics.exposition import Families, Labels
from snowpit.lab.inside import Inside

MICRO = 1e6
INTERNAL = {"": "core", "rbac.authorization.k8s.io": "rbac", "coordination.k8s.io": "coordination"}
"""Packages of internal Go types by group; else the first part of the group's name."""


class Storage:
    """What one server counts of its store.

    Args:
        families: Where it is counted.
        version: The server's version.
    """

    def __init__(self, families: Families, version: Version) -> None:
        self._families, self._version = families, version
        self._timed = version.at_least("1.14.0")
        self._summed = version.within("1.14.0", "1.17.0")
        self._typed = not version.at_least("1.26.0")
        self._grouped = version.at_least("1.34.0")
        self._bounds = bounds.etcd(version)
        self._resources = {one.qualified: one for one in table(version).values()}

    def did(self, operation: str, resource: Resource, seconds: float) -> None:
        """An operation on the store."""
        if not self._timed:
            return
        labels = (("operation", operation), *self._of(operation, resource))
        self._families.observe("etcd_request_duration_seconds", seconds, self._bounds, labels)
        if self._summed:
            self._families.summarise("etcd_request_latencies_summary", seconds * MICRO, labels)
        if self._version.at_least("1.28.0"):
            self._families.count("etcd_requests_total", labels)

    def _of(self, operation: str, resource: Resource) -> Labels:
        if self._grouped:
            return ("group", resource.group), ("resource", resource.name)
        if not self._typed:
            return (("type", resource.qualified),)
        package = INTERNAL.get(resource.group, resource.group.partition(".")[0])
        many = "[]" if operation == "list" else ""
        return (("type", f"*{many}{package}.{resource.kind}"),)

    def show(self, inside: Inside) -> None:
        """Set the gauges of stored objects."""
        for qualified, number in inside.objects.items():
            label = (("resource", qualified),)
            if not self._version.at_least("1.23.0"):
                self._families.set("etcd_object_counts", float(number), label)
            if self._version.at_least("1.22.0"):
                self._families.set("apiserver_storage_objects", float(number), label)
            resource = self._resources.get(qualified)
            if self._grouped and resource is not None:
                labels = (("group", resource.group), ("resource", resource.name))
                self._families.set("apiserver_resource_objects", float(number), labels)
