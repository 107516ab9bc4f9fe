"""What Kubernetes says of itself, by version: facts, remedies, well-known clients. It does not compute."""

from snowpit.knowledge.clients import KnownClient, recognise
from snowpit.knowledge.facts import Fact, FactValue, load, select
from snowpit.knowledge.remedies import remedies
from snowpit.knowledge.version import Version

__all__ = ["Fact", "FactValue", "KnownClient", "Version", "load", "recognise", "remedies", "select"]
