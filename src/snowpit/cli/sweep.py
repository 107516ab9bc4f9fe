"""``snowpit sweep``: how a scenario ends while parameters of it take many values."""

import click

from snowpit.cli import exploring
from snowpit.cli.output import remark, style, write


@click.command("sweep")
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="KEY=A:B:N[:log]",
    help="A parameter with its values: N from A to B, or a list with commas; more than once. KEY is tokens, clients,"
    " nodes, think, patience, backoff, limit, qps, ttl, period, or any key that --set takes.",
)
@exploring.common(seeds=5)
def command(
    *,
    scenario: str,
    over: tuple[str, ...],
    overrides: tuple[str, ...],
    seeds: int,
    cluster: str,
    out: str,
    output: str,
    quiet: bool,
) -> int:
    """Say how a scenario ends while parameters of it take many values.

    SCENARIO is a preset (snowpit scenarios) or a TOML file. All its events happen, interventions included.

    With --out a folder gets points.parquet (one row per point and seed), index.html and journal.jsonl.

    Exit codes: 0 all points were simulated, 2 the folder or the cluster cannot be used, 64 wrong usage.
    """
    from snowpit.workflow import explore  # noqa: PLC0415 - once per subcommand, as below

    varied = explore.Varied(scenario, overrides)
    axes = varied.axes(over)
    folder = exploring.folder(out)
    with exploring.metered(quiet=quiet) as meter:
        found = explore.explored(
            varied,
            axes,
            question="ending",
            seeds=range(1, seeds + 1),
            cluster=cluster,
            folder=folder,
            progress=meter,
        )
    from snowpit.report import text  # noqa: PLC0415
    from snowpit.report.explore import as_json, words  # noqa: PLC0415

    page = words.sweep(found)
    write(as_json.render(found, "sweep") if output == "json" else text.render(page, style()))
    if folder is not None:
        explore.keep(found.points, page, folder, pictures={})
        remark(f"kept in {folder}")
    return 0
