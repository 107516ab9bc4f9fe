"""Makes ``support`` importable from every test folder, and lets golden files be written anew."""

import pytest

from snowpit.ingest import log


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden`` writes the golden files instead of comparing with them."""
    parser.addoption("--update-golden", action="store_true", help="write golden files anew; read the diff")


@pytest.fixture(autouse=True)
def _small_logs_go_through_both_tiers(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the tests of ingest no log is too small for the typed read, so that both tiers are tested."""
    if request.path.parent.name == "ingest":
        monkeypatch.setattr(log, "SMALL", 0)
