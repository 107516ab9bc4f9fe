"""What a lab's API server leaves behind: audit log, metrics and component log, as the real one of its version does."""

from snowpit.lab.evidence.evidence import Evidence

__all__ = ["Evidence"]
