"""Where tables live and how a query runs over them: DuckDB, alone in this room.

The store does not know what a query means.
"""

from snowpit.store.tables import Tables, quoted

__all__ = ["Tables", "quoted"]
