"""``snowpit hysteresis``: the healthy branch, the branch after a deep start, and the edge between them."""

import click

from snowpit.cli import exploring
from snowpit.cli.output import remark, style, write


@click.command("hysteresis")
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--over",
    default="clients=200:4000:12",
    show_default=True,
    metavar="KEY=A:B:N[:log]",
    help="The parameter that is varied. KEY is tokens, clients, nodes, think, patience, backoff, limit, qps, ttl, period,"
    " or any key that --set takes.",
)
@exploring.common(seeds=3)
def command(
    *,
    scenario: str,
    over: str,
    overrides: tuple[str, ...],
    seeds: int,
    cluster: str,
    out: str,
    output: str,
    quiet: bool,
) -> int:
    """Show over which values of a parameter a scenario has two states, and the edge between them.

    SCENARIO is a preset (snowpit scenarios) or a TOML file; its own events do not happen.

    With --out a folder gets hysteresis.svg, demand.svg (demand for look-ups against capacity) and portrait.svg (courses
    around the edge), all as .png too, points.parquet, index.html and journal.jsonl.

    Exit codes: 0 the branches were computed, 2 the folder or the cluster cannot be used, 64 wrong usage.
    """
    from snowpit.workflow import explore  # noqa: PLC0415 - once per subcommand, as below

    varied = explore.Varied(scenario, overrides)
    axes = explore.ranged(varied.axes((over,)))
    folder = exploring.folder(out)
    with exploring.metered(quiet=quiet) as meter:
        found = explore.explored(
            varied,
            axes,
            question="branches",
            seeds=range(1, seeds + 1),
            cluster=cluster,
            folder=folder,
            progress=meter,
        )
    from snowpit.report import text  # noqa: PLC0415
    from snowpit.report.explore import as_json, words  # noqa: PLC0415

    page = words.hysteresis(found)
    write(as_json.render(found, "hysteresis") if output == "json" else text.render(page, style()))
    if folder is not None:
        from snowpit.workflow import branches  # noqa: PLC0415 - matplotlib

        explore.keep(found.points, page, folder, pictures=branches.pictures(found))
        remark(f"kept in {folder}")
    return 0
