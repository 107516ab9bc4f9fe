"""``snowpit top``: any pivot in one line."""

import click

from snowpit.cli import formats, options
from snowpit.cli.output import style, write
from snowpit.observe.pivot import MEASURES
from snowpit.report import tabular, text
from snowpit.workflow.instants import span
from snowpit.workflow.questions import top


@click.command("top")
@options.paths
@click.option(
    "--by",
    required=True,
    metavar="COLUMN,...",
    help="Columns to group by, e.g. user,verb,resource (all: snowpit sql --schema).",
)
@click.option(
    "--measure", type=click.Choice(MEASURES), default="count", show_default=True, help="What to rank by."
)
@click.option(
    "--per",
    default="",
    metavar="LENGTH",
    help="Also show the measure over time, in bins of that length, e.g. 10s.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Rows at most.")
@options.narrowing
@options.caching
@formats.output("text", "json", "csv")
def command(*, by: str, measure: str, per: str, limit: int, output: str, **evidence: object) -> int:
    """Rank requests by any columns: count, seat time (held), p99 of the sojourn time, errors, rejections (429).

    \b
    Who holds the seats?     snowpit top audit.log --by user,verb,resource --measure held
    What is rejected?        snowpit top audit.log --by client_kind,verb,resource --measure rejected
    Which tokens?            snowpit top audit.log --by subject --where "resource = 'tokenreviews'"
    """  # noqa: D301 - click takes the backspace as "do not wrap"
    source = options.source(**evidence)  # type: ignore[arg-type]
    columns = [name.strip() for name in by.split(",") if name.strip()]
    found = top(source, columns, measure=measure, limit=limit, per_s=span(per) if per else None)
    options.done(source)
    if output == "json":
        write(tabular.pivot_json(found))
    elif output == "csv":
        write(tabular.pivot_csv(found))
    else:
        write(text.render(tabular.pivot_page(found), style()))
        if per:
            write("\n" + text.render(tabular.bins_page(found), style()))
    return 0
