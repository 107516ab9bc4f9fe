"""``snowpit sensitivity``: which parameters move the edge of a scenario, and how long it takes to recover."""

import click

from snowpit.cli import exploring
from snowpit.cli.replications import metered


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
    given: exploring.Given,
) -> int:
    """Say which parameters move the edge of a scenario, and how long it takes to recover.

    SCENARIO is a preset (snowpit scenarios) or a TOML file; of its events only triggers happen. All parameters are
    screened by Morris' method, the three that matter most are taken apart by Sobol's.

    With --out a folder gets sensitivity.svg, sensitivity.png, points.parquet, index.html and journal.jsonl.

    Exit codes: 0 it was computed, 2 the folder or the cluster cannot be used, 64 wrong usage.
    """
    from snowpit.workflow import explore  # noqa: PLC0415 - once per subcommand, as below
    from snowpit.workflow import sensitivity as flow  # noqa: PLC0415

    varied = explore.Varied(scenario, given.overrides)
    spans = flow.spans(varied, over)
    effort = flow.Effort(trajectories=trajectories, samples=int(samples), seeds=given.seeds)
    with metered(shown=not given.quiet) as meter:
        found = flow.sensitivity(
            varied, spans, effort, cluster=given.cluster, folder=given.folder, progress=meter
        )
    from snowpit.report.explore import sensitivity as report  # noqa: PLC0415

    exploring.told(
        given,
        report.build(found),
        lambda: report.render(found),
        found.points,
        lambda: {"sensitivity": report.draw(found)},
    )
    return 0
