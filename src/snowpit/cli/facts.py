"""``snowpit facts``: what is known of a version."""

import click

from snowpit.cli import formats
from snowpit.cli.output import remark, write
from snowpit.knowledge.facts import FactValue, load, select
from snowpit.knowledge.version import Version
from snowpit.report.as_json import plain
from snowpit.report.ascii_json import dumps

SCHEMA = "snowpit.facts/v1"


@click.command("facts")
@click.option(
    "--version", "server_version", default="", metavar="VERSION", help="Only what holds there, e.g. 1.12.2."
)
@formats.output("text", "json")
def command(*, server_version: str, output: str) -> int:
    """List what is known of Kubernetes, with the versions it holds for and where it is known from."""
    values = _values(Version.parse(server_version) if server_version else None)
    if output == "json":
        items = [plain(value) | {"versions": value.versions} for value in values]
        write(dumps({"schema": SCHEMA, "version": server_version or None, "facts": items}))
        return 0
    write("".join(map(line, values)))
    remark(
        "verified: read in the source named; derived: computed from such; recalled: not checked; -1: no limit."
    )
    return 0


def line(value: FactValue) -> str:
    """A fact in two lines."""
    head = f"{value.id} = {value.value} {value.unit}".rstrip()
    note = f"; {value.note}" if value.note else ""
    return f"{head}  ({value.versions})\n    {value.title}{note}\n    {value.source} [{value.mark}]\n"


def _values(version: Version | None) -> list[FactValue]:
    """Facts at a version, or all values of all versions."""
    if version is not None:
        return list(select(version).values())
    return [value for fact in load() for value in fact.values]
