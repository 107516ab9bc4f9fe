"""``snowpit scenarios``: the presets of ``snowpit simulate``."""

import click

from snowpit.cli import formats
from snowpit.cli.output import write

SCHEMA = "snowpit.scenarios/v1"


@click.group("scenarios", invoke_without_command=True)
@formats.output("text", "json")
@click.pass_context
def command(ctx: click.Context, output: str) -> int:
    """List the scenarios that ship with snowpit, or show one.

    A file of your own may extend one: extends = "incident-1.12".
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from snowpit.cluster.scenario_file import presets  # noqa: PLC0415 - once per subcommand

    found = presets()
    if output == "json":
        from snowpit.report.ascii_json import dumps  # noqa: PLC0415

        items = [{"name": name, "title": title} for name, title in found]
        write(dumps({"schema": SCHEMA, "scenarios": items}))
        return 0
    width = max((len(name) for name, _ in found), default=0)
    write("".join(f"{name.ljust(width)}  {title}".rstrip() + "\n" for name, title in found))
    return 0


@command.command("show")
@click.argument("name", metavar="NAME")
def show(name: str) -> int:
    """Print the file of a scenario, with the source of every number."""
    from snowpit.cluster.scenario_file import source_text  # noqa: PLC0415

    text = source_text(name)
    write(text if text.endswith("\n") else text + "\n")
    return 0
