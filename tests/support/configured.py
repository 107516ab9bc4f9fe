"""Configuration read from texts: into settings, into records, and what rules say of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from snowpit.ingest import read
from snowpit.model.evidence import Coverage
from snowpit.model.observation import Configuration
from snowpit.observe.configuration import configuration
from snowpit.store import Tables


@contextmanager
def configured(folder: Path, texts: Mapping[str, str | bytes]) -> Iterator[tuple[Tables, Coverage]]:
    """Files of these names and contents, read."""
    for name, text in texts.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with Tables() as tables:
        yield tables, read([str(folder / name) for name in texts], tables=tables)


def settings(folder: Path, text: str | bytes, name: str = "config.yaml") -> list[tuple[object, ...]]:
    """Component, object, key, value and line of every setting in a text."""
    with configured(folder, {name: text}) as (tables, _):
        return tables.run("SELECT component, object, key, value, line FROM settings ORDER BY rowid")


def values(folder: Path, text: str | bytes, name: str = "config.yaml") -> dict[str, str]:
    """Values by key."""
    return {str(row[2]): str(row[3]) for row in settings(folder, text, name)}


def records(folder: Path, texts: Mapping[str, str | bytes]) -> Configuration:
    """The configuration that texts tell."""
    with configured(folder, texts) as (tables, _):
        found = configuration(tables)
    assert found is not None
    return found


def balanced(coverage: Coverage) -> bool:
    """Whether every line and byte is accounted for."""
    return all(
        file.lines == file.event_lines + file.empty_lines + file.other_lines + sum(file.rejected.values())
        and file.bytes == file.event_bytes + file.empty_bytes + file.other_bytes + file.rejected_bytes
        for file in coverage.files
    )
