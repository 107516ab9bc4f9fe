"""``snowpit sensitivity``: which parameters move the edge of a scenario, and how long it takes to recover."""

import click

from snowpit.cli import exploring
from snowpit.cli.output import remark, style, write


@click.command("sensitivity")
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="KEY=A:B[:log]",
    help="A parameter with its bounds; two or more. KEY is tokens, clients, nodes, think, patience, backoff, limit, qps,"
    " ttl, period, or any key that --set takes.",
)
@click.option(
    "--trajectories",
    metavar="N",
    type=click.IntRange(2, 1000),
    default=8,
    show_default=True,
    help="Walks of Morris' design.",
)
@click.option(
    "--samples",
    type=click.Choice(["8", "16", "32", "64", "128", "256", "512", "1024"]),
    default="16",
    show_default=True,
    help="Base samples of Sobol's indices.",
)
@exploring.common(seeds=1)
def command(
    *,
    scenario: str,
    over: tuple[str, ...],
    trajectories: int,
    samples: str,
    overrides: tuple[str, ...],
    seeds: int,
    cluster: str,
    out: str,
    output: str,
    quiet: bool,
) -> int:
    """Say which parameters move the edge of a scenario, and how long it takes to recover.

    SCENARIO is a preset (snowpit scenarios) or a TOML file; of its events only triggers happen. All parameters are
    screened by Morris' method, the three that matter most are taken apart by Sobol's.

    With --out a folder gets sensitivity.svg, sensitivity.png, points.parquet, index.html and journal.jsonl.

    Exit codes: 0 it was computed, 2 the folder or the cluster cannot be used, 64 wrong usage.
    """
    from snowpit.workflow import explore  # noqa: PLC0415 - once per subcommand, as below
    from snowpit.workflow import sensitivity as flow  # noqa: PLC0415

    varied = explore.Varied(scenario, overrides)
    spans = flow.spans(varied, over)
    folder = exploring.folder(out)
    effort = flow.Effort(trajectories=trajectories, samples=int(samples), seeds=seeds)
    with exploring.metered(quiet=quiet) as meter:
        found = flow.sensitivity(varied, spans, effort, cluster=cluster, folder=folder, progress=meter)
    from snowpit.report import text  # noqa: PLC0415
    from snowpit.report.explore import sensitivity as report  # noqa: PLC0415

    page = report.build(found)
    write(report.render(found) if output == "json" else text.render(page, style()))
    if folder is not None:
        explore.keep(found.points, page, folder, pictures={"sensitivity": report.draw(found)})
        remark(f"kept in {folder}")
    return 0
