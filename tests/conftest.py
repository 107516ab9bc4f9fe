"""Makes ``support`` importable from every test folder, and lets golden files be written anew."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden`` writes the golden files instead of comparing with them."""
    parser.addoption("--update-golden", action="store_true", help="write golden files anew; read the diff")
