"""Metrics: dumps in the Prometheus text format, and answers of Prometheus' HTTP API saved to disk."""

from snowpit.ingest.metrics import api, text

__all__ = ["api", "text"]
