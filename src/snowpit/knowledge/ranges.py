"""Tables of the knowledge as shipped: TOML files beside this module, read once."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def tables(*path: str) -> dict[str, Any]:
    """One TOML file of the package's ``knowledge`` folder."""
    return tomllib.loads(files("snowpit.knowledge").joinpath(*path).read_text("utf-8"))


def fact_files() -> tuple[str, ...]:
    """Names of the files that hold facts, in order."""
    folder = files("snowpit.knowledge").joinpath("facts")
    return tuple(sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml")))


def incident_files() -> tuple[str, ...]:
    """Names of the files that hold published incidents, in order."""
    folder = files("snowpit.knowledge").joinpath("incidents")
    return tuple(sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml")))


def case_files() -> tuple[str, ...]:
    """Names of the files that hold published cases with numbers, in order."""
    folder = files("snowpit.knowledge").joinpath("cases")
    return tuple(sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml")))


def versions_text(start: str, until: str) -> str:
    """A half-open range of versions in words.

    >>> versions_text("1.14.0", "1.14.8"), versions_text("", "1.14"), versions_text("1.18", ""), versions_text("", "")
    ('1.14.0 to before 1.14.8', 'before 1.14', 'from 1.18', 'every version')
    """
    if start and until:
        return f"{start} to before {until}"
    if start or until:
        return f"from {start}" if start else f"before {until}"
    return "every version"
