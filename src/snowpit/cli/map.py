"""``snowpit map``: where a scenario is stable, vulnerable, self-sustaining or overloaded, over two parameters."""

import click

from snowpit.cli import exploring
from snowpit.cli.output import remark, style, write


@click.command("map")
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--x",
    "across",
    default="tokens=10:400:20",
    show_default=True,
    metavar="KEY=A:B:N[:log]",
    help="The parameter across. KEY is tokens, clients, nodes, think, patience, backoff, limit, qps, ttl, period, or any"
    " key that --set takes.",
)
@click.option(
    "--y",
    "up",
    default="clients=200:4000:20",
    show_default=True,
    metavar="KEY=A:B:N[:log]",
    help="The parameter upwards.",
)
@exploring.common(seeds=3)
def command(
    *,
    scenario: str,
    across: str,
    up: str,
    overrides: tuple[str, ...],
    seeds: int,
    cluster: str,
    out: str,
    output: str,
    quiet: bool,
) -> int:
    """Map where a scenario is stable, vulnerable, self-sustaining or overloaded.

    SCENARIO is a preset (snowpit scenarios) or a TOML file; of its events only triggers happen.

    With --out a folder gets map.svg, map.png, points.parquet, index.html and journal.jsonl.

    Exit codes: 0 the map was computed, 2 the folder or the cluster cannot be used, 64 wrong usage.
    """
    from snowpit.workflow import explore  # noqa: PLC0415 - once per subcommand, as below

    varied = explore.Varied(scenario, overrides)
    axes = explore.ranged(varied.axes((across, up)))
    folder = exploring.folder(out)
    with exploring.metered(quiet=quiet) as meter:
        found = explore.explored(
            varied,
            axes,
            question="state",
            edges="state_and_edge",
            seeds=range(1, seeds + 1),
            cluster=cluster,
            folder=folder,
            progress=meter,
        )
    from snowpit.report import text  # noqa: PLC0415
    from snowpit.report.explore import as_json, words  # noqa: PLC0415

    page = words.stability(found)
    write(as_json.render(found, "map") if output == "json" else text.render(page, style()))
    if folder is not None:
        from snowpit.report.explore import map as maps  # noqa: PLC0415 - matplotlib

        explore.keep(found.points, page, folder, pictures={"map": maps.stability(found)})
        remark(f"kept in {folder}")
    return 0
