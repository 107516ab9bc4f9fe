"""``snowpit lint``: posture against overload, before anything happens."""

import click

from snowpit.cli import formats, options
from snowpit.cli.output import write
from snowpit.lint import RULES, Severity
from snowpit.report import lint as report
from snowpit.workflow.lint import Inspection, inspect

FAIL_ON = {"error": (Severity.ERROR,), "warning": (Severity.ERROR, Severity.WARNING), "none": ()}


@click.command("lint")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--server-version",
    default="",
    metavar="VERSION",
    help="Version of kube-apiserver where no file tells it.",
)
@click.option("--disable", multiple=True, metavar="RULE", help="Do not ask this rule; may be given again.")
@click.option(
    "--fail-on",
    type=click.Choice(list(FAIL_ON)),
    default="error",
    show_default=True,
    help="Least severity for which the exit code is 1.",
)
@click.option("--list-rules", is_flag=True, help="List the rules and end.")
@formats.output("text", "json", "sarif")
def command(
    *,
    paths: tuple[str, ...],
    server_version: str,
    disable: tuple[str, ...],
    fail_on: str,
    list_rules: bool,
    output: str,
) -> int:
    """Say what in a configuration invites overload, before anything happens.

    PATH is a file, a directory or an archive with manifests, command lines, systemd units, audit policies, kubelet
    configurations, admission webhooks, objects of priority and fairness or scrape configurations, or - for standard
    input. Nothing is asked of a cluster.

    Exit codes: 0 no violation of that severity, 1 violations, 2 nothing could be read, 64 wrong usage.
    """
    if list_rules:
        write(report.rules_text(RULES))
        return 0
    if not paths:
        raise click.UsageError("Missing argument 'PATH...'.")
    source = options.source(paths, no_cache=True)
    found = inspect(
        paths,
        server_version=server_version,
        disabled=disable,
        stdin=source.stdin,
        progress=source.progress,
    )
    options.done(source)
    write(rendered(found, output))
    return int(any(result.severity in FAIL_ON[fail_on] for result in found.results))


def rendered(found: Inspection, output: str) -> str:
    """What was found in one of the output formats."""
    if output == "sarif":
        return report.sarif(found.results, found.rules)
    if output == "json":
        version = str(found.plane.version) if found.plane.version else None
        files = found.coverage.files
        return report.document(found.results, found.rules, files, version=version, remarks=found.remarks)
    return report.text(found.results, found.coverage.files, found.remarks)
