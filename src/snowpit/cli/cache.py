"""``snowpit cache``: what is kept of large evidence."""

from datetime import UTC, datetime

import click

from snowpit.cli import options
from snowpit.cli.output import style, write
from snowpit.errors import EvidenceError
from snowpit.ingest.cache import clear, entries
from snowpit.report import text
from snowpit.report.content import Page, Table
from snowpit.report.figures import count, size


@click.command("cache")
@click.option("--clear", "clearing", is_flag=True, help="Remove everything.")
@click.option(
    "--cache-dir", default="", metavar="DIR", help="Where it is kept  [default: $XDG_CACHE_HOME/snowpit]"
)
def command(*, clearing: bool, cache_dir: str) -> int:
    """Show or clear what is kept of large evidence (more than 16 MB): the request table, no tokens, no bodies."""
    directory = options.cache_directory(cache_dir)
    if directory is None:
        raise EvidenceError(
            "There is no cache directory.", "Set HOME or XDG_CACHE_HOME, or give --cache-dir."
        )
    if clearing:
        write(f"{size(clear(directory))} freed in {directory}\n")
        return 0
    found = entries(directory)
    rows = tuple(
        (
            f"{datetime.fromtimestamp(item.written, tz=UTC):%Y-%m-%d %H:%M:%SZ}",
            count(item.events),
            size(item.size_bytes),
            item.name,
        )
        for item in found
    )
    write(f"{directory}: {size(sum(item.size_bytes for item in found))}\n")
    if rows:
        write(
            text.render(
                Page("cache", (Table(("written", "events", "size", "name"), rows, right=frozenset({1, 2})),)),
                style(),
            )
        )
    return 0
