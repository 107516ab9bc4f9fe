"""``snowpit diagnose``: the main job."""

import click

from snowpit.cli import formats, options
from snowpit.cli.output import style, write
from snowpit.report import as_json, markdown, text
from snowpit.report.build import build
from snowpit.report.case import Case
from snowpit.workflow.diagnosis import Question, run


@click.command("diagnose")
@options.prometheus
@options.narrowing
@formats.server
@options.caching
@formats.output("text", "json", "markdown")
def command(*, server_version: str, limits: str, output: str, **evidence: object) -> int:
    """Say who overloads the API server, why, how sure that is, and what ends it.

    PATH is an audit log, a directory or an archive of such, in any common format and compression, or - for
    standard input. Logs of several API servers are merged by time.

    Exit codes: 0 nothing found, 1 findings, 2 could not judge, 64 wrong usage.
    """
    source = options.source(**evidence)  # type: ignore[arg-type]
    case = run(Question(source=source, server_version=server_version, limits=parse_limits(limits)))
    options.done(source)
    write(rendered(case, output))
    return case.exit_code


def rendered(case: Case, output: str) -> str:
    """A case in one of the output formats."""
    if output == "json":
        return as_json.render(case)
    page = build(case)
    return markdown.render(page) if output == "markdown" else text.render(page, style())


def parse_limits(given: str) -> dict[str, int]:
    """Limits by kind from ``readonly=400,mutating=200``.

    Raises:
        click.UsageError: If it is written otherwise.
    """
    found = {}
    for part in filter(None, given.split(",")):
        kind, equals, number = part.partition("=")
        if kind.strip() not in ("readonly", "mutating") or not equals or not number.strip().isdecimal():
            raise click.UsageError("--limits is written as readonly=400,mutating=200")
        found[kind.strip()] = int(number)
    return found
