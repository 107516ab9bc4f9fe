"""Small logs go through both tiers here, as large ones do."""

import pytest

from snowpit.ingest import log


@pytest.fixture(autouse=True)
def _no_log_is_too_small_for_the_fast_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "SMALL", 0)
