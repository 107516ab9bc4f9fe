"""Request tables built from a few words, for tests of what is computed over them."""

from collections.abc import Iterable, Mapping

from snowpit.model.observation import Observed
from snowpit.observe import observe
from snowpit.store import Tables

START = 1_544_050_800_000_000
"""An instant on a whole second, µs since the epoch."""

SECOND = 1_000_000


def row(at: float, lasting: float | None = 0.01, **columns: object) -> dict[str, object]:
    """One attempt: by default a kubelet that creates a TokenReview and gets 201.

    Args:
        at: Arrival, seconds after ``START``.
        lasting: Sojourn time in seconds; null if it never ends.
        columns: Stored columns that differ.
    """
    received = START + round(at * SECOND)
    ended = lasting is not None
    made: dict[str, object] = {
        "received": received,
        "finished": received + round(lasting * SECOND) if lasting is not None else None,
        "verb": "create",
        "group": "authentication.k8s.io",
        "version": "v1",
        "resource": "tokenreviews",
        "user": "system:node:n1",
        "groups": "system:nodes,system:authenticated",
        "user_agent": "kubelet/v1.12.4 (linux/amd64) kubernetes/f49fa02",
        "source": "10.0.0.1",
        "code": 201 if ended else None,
        "stage": "ResponseComplete" if ended else "RequestReceived",
        "level": "Metadata",
    }
    return made | columns


def tables_of(rows: Iterable[Mapping[str, object]]) -> Tables:
    """Tables that hold these attempts."""
    tables = Tables()
    tables.append(rows)
    return tables


def observed(rows: Iterable[Mapping[str, object]], *, stages: Mapping[str, int] | None = None) -> Observed:
    """All observations of these attempts."""
    with tables_of(rows) as tables:
        return observe(tables, stages=stages, server_version=(1, 12, 4))
