"""Evidence from public repositories that stands beside the checkout and is not part of it."""

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def shared_data(*parts: str) -> Path:
    """A file or folder of the shared evidence; skips the test, with a reason, where it is missing.

    With ``SNOWPIT_NO_SKIP=1`` a missing one is a failure instead.

    Args:
        parts: Its path below the folder of the shared evidence.
    """
    path = _ROOT.joinpath(*parts)
    if path.exists():
        return path
    reason = f"no {'/'.join(parts) or 'evidence'} in ../shared/data"
    if os.environ.get("SNOWPIT_NO_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
