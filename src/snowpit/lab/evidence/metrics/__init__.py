"""/metrics of one server: names, labels, units and defects of its version."""

from snowpit.lab.evidence.metrics.metrics import Metrics

__all__ = ["Metrics"]
