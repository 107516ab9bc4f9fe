"""The one place where statistics are computed: observations over the request table.

``observe`` makes all of them; each can be made alone by preparing the tables first::

    scope = prepare(tables)
    for item in OBSERVATIONS:
        print(item.name, item.function(tables, scope))

An observation states what was measured and accuses nobody.
"""

from collections.abc import Mapping
from typing import Any

from snowpit.model.observation import Observed
from snowpit.observe.catalogue import OBSERVATIONS, Observation
from snowpit.observe.scope import Scope, prepare
from snowpit.store import Tables

__all__ = ["OBSERVATIONS", "Observation", "Scope", "observe", "prepare"]


def observe(
    tables: Tables,
    *,
    stages: Mapping[str, int] | None = None,
    server_version: tuple[int, int, int | None] | None = None,
) -> Observed:
    """Make every observation over the rows that the view ``requests`` shows now.

    Args:
        tables: The request table; a table ``files`` (file, path), if there, names places in the evidence.
        stages: Audit events by stage, as the coverage counted them; it tells whether RequestReceived is logged.
        server_version: Version of the server (major, minor, patch), if known; the audit clock depends on it.

    Returns:
        All observations of the window from the first arrival to the last instant.

    Raises:
        QueryError: If the tables lack the view ``requests``.
    """
    scope = prepare(tables, stages=stages, server_version=server_version)
    made: dict[str, Any] = {item.name: item.function(tables, scope) for item in OBSERVATIONS}
    return Observed(window=scope.window, **made)
