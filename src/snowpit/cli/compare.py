"""``snowpit compare``: what changed."""

import click

from snowpit.cli import formats, options
from snowpit.cli.output import style, write
from snowpit.report import tabular, text
from snowpit.workflow.questions import difference


@click.command("compare")
@options.paths
@click.option("--split", default="", metavar="TIME", help="With one log: before and after that instant.")
@click.option("--before", default="", metavar="START/END", help="With one log: the window before.")
@click.option("--after", default="", metavar="START/END", help="With one log: the window after.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Changes shown at most."
)
@options.narrowing
@options.caching
@formats.output("text", "json")
def command(*, split: str, before: str, after: str, limit: int, output: str, **evidence: object) -> int:
    """Say what changed between two logs or two windows, ranked by seats held and failures.

    Rates are per second of each side, so windows need not be equally long.

    \b
    snowpit compare yesterday.log today.log
    snowpit compare audit.log --split '2024-01-02 03:04'
    snowpit compare audit.log --before -2h/-1h --after -15m/
    """  # noqa: D301 - click takes the backspace as "do not wrap"
    source = options.source(**evidence)  # type: ignore[arg-type]
    windows = [_window(text) for text in (before, after) if text]
    first, second, changes = difference(source, split=split, windows=windows, limit=limit)
    options.done(source)
    if output == "json":
        write(tabular.compare_json(first, second, changes))
    else:
        write(text.render(tabular.compare_page(first, second, changes), style()))
    return 0


def _window(given: str) -> tuple[str, str]:
    start, slash, end = given.partition("/")
    if not slash:
        raise click.UsageError("A window is written as START/END; either may be left out.")
    return start, end
