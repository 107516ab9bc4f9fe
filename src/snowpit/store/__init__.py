"""Where tables live and how a query runs over them: DuckDB, alone in this room; and where things are kept between runs.

The store does not know what a query means.
"""

from snowpit.store.home import cache_home
from snowpit.store.scratch import Scratch
from snowpit.store.tables import Tables, literal, quoted

__all__ = ["Scratch", "Tables", "cache_home", "literal", "quoted"]
