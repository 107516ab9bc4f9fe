"""Where tables live and how a query runs over them: DuckDB, alone in this room.

The store does not know what a query means.
"""

from snowpit.store.scratch import Scratch
from snowpit.store.tables import Tables, literal, quoted

__all__ = ["Scratch", "Tables", "literal", "quoted"]
