"""The setting table: one row is one value that a configuration lays down.

Secrets in configurations are never kept: a value whose name says secret, token, password or key material
is replaced by ``***``.
"""

from snowpit.model.request import Column

WORKLOADS = (
    "Pod",
    "PodTemplate",
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
)
"""Kinds of objects that hold containers."""

SETTING = (
    Column("component", "VARCHAR", "", "whom it configures: kube-apiserver, kubelet, metrics-server, ..."),
    Column("server", "VARCHAR", "", "which instance, as far as the evidence says"),
    Column("document", "VARCHAR", "", "shape it stood in: flags, a kind such as Policy, a dump's name"),
    Column("object", "VARCHAR", "", "name of the object it belongs to; empty if it has none"),
    Column("key", "VARCHAR", "", "flag without dashes, or path of fields joined by dots, lists by index"),
    Column("value", "VARCHAR", "", "the value as written; true for a flag without value"),
    Column("version", "VARCHAR", "", "release that the document tells of its component; null if none"),
    Column("file", "INTEGER", "index", "row of the files table"),
    Column("line", "BIGINT", "1-based", "line in that file, after decompression; null if not known"),
)
