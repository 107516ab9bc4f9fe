"""Logs of Kubernetes components and etcd: klog in text and JSON, etcd's own formats, wrapped in any usual way."""

from snowpit.ingest.logs.reader import read, recognise

__all__ = ["read", "recognise"]
