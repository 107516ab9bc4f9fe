"""``snowpit sql``: statements over the request table."""

import click

from snowpit.cli import formats, options
from snowpit.cli.output import remark, style, write
from snowpit.model.request import COLUMNS
from snowpit.report import tabular, text
from snowpit.workflow.questions import sql

MOST = 10_000


@click.command("sql")
@click.argument("arguments", nargs=-1, metavar="PATH... STATEMENT")
@click.option(
    "--schema", is_flag=True, help="Print the columns of the table requests, with units and meaning."
)
@click.option("--limit", type=click.IntRange(1), default=MOST, show_default=True, help="Rows at most.")
@options.narrowing
@options.caching
@formats.output("table", "json", "csv")
def command(*, arguments: tuple[str, ...], schema: bool, limit: int, output: str, **evidence: object) -> int:
    """Run one SELECT over the table requests: one row is one attempt at one request.

    The last argument is the statement (DuckDB's dialect). It can read no files and change nothing.

    \b
    snowpit sql audit.log 'SELECT outcome, count(*) FROM requests GROUP BY ALL ORDER BY 2 DESC'
    """  # noqa: D301 - click takes the backspace as "do not wrap"
    if schema:
        write(text.render(tabular.schema_page([column[:4] for column in COLUMNS]), style()))
        return 0
    if len(arguments) < 2:  # noqa: PLR2004 - a path and the statement
        raise click.UsageError("Give the evidence and, last, the statement; --schema prints the columns.")
    source = options.source(arguments[:-1], **evidence)  # type: ignore[arg-type]
    head, rows = sql(source, arguments[-1], most=limit + 1)
    options.done(source)
    if len(rows) > limit:
        remark(f"Only the first {limit} rows are shown: --limit shows more.")
        rows = rows[:limit]
    if output == "json":
        write(tabular.rows_json(head, rows))
    else:
        write(
            tabular.csv_text(head, rows)
            if output == "csv"
            else text.render(tabular.rows_page(head, rows), style())
        )
    return 0
