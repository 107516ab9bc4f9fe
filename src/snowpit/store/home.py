"""Where things are kept between runs."""

import os
from pathlib import Path


def cache_home() -> Path | None:
    """``$XDG_CACHE_HOME/snowpit``, by default ``~/.cache/snowpit``; null where there is no home directory.

    Source: XDG Base Directory Specification 0.8: a relative path in the variable is ignored.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "snowpit"
    except RuntimeError:
        return None
