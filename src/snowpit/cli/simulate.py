"""``snowpit simulate``: replications of a scenario and how they ended."""

from pathlib import Path

import click

from snowpit.cli import formats
from snowpit.cli.diagnose import rendered
from snowpit.cli.output import put, remark, style
from snowpit.cli.replications import metered
from snowpit.report import text
from snowpit.report.visible import visible

PICTURES = (".svg", ".png")


@click.command("simulate")
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value; more than once. For instance max_mutating_requests_inflight=2000,"
    " clients.apps.count=2000, kubelets.count=5000, switches.limiter_order=lifo.",
)
@click.option(
    "--seeds", metavar="N", type=click.IntRange(1), default=12, show_default=True, help="Replications."
)
@click.option(
    "--first-seed",
    metavar="N",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Seed of the first one.",
)
@click.option("--horizon", default="", metavar="TIME", help="How long to simulate: 3600s, 90m, 2h.")
@formats.output("text", "json", "parquet")
@click.option(
    "--out", default="", metavar="FILE", help="Write there, not to standard output; parquet needs it."
)
@click.option("--plot", default="", metavar="FILE", help="Draw the courses over time as .svg or .png.")
@click.option(
    "--diagnose",
    is_flag=True,
    help="Simulate the first seed only and let the detectors judge its requests, as diagnose does.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def command(
    *,
    scenario: str,
    overrides: tuple[str, ...],
    seeds: int,
    first_seed: int,
    horizon: str,
    output: str,
    out: str,
    plot: str,
    diagnose: bool,
    quiet: bool,
) -> int:
    """Simulate a control plane, or a published model, and say how it ends.

    SCENARIO is a preset (snowpit scenarios) or a TOML file.

    Exit codes: 0 every seed is healthy or recovered, 1 at least one is stuck or overloaded, 64 wrong usage;
    with --diagnose those of diagnose.
    """
    _check(output, out, plot=plot, diagnose=diagnose)
    from snowpit.cluster.scenario_file import load  # noqa: PLC0415 - once per subcommand, as below

    changed = (*overrides, f"horizon={horizon}") if horizon else overrides
    loaded = load(scenario, overrides=changed)
    from snowpit.workflow import simulation  # noqa: PLC0415

    if diagnose:
        case = simulation.case(loaded, first_seed)
        put(rendered(case, output), out)
        return case.exit_code
    with metered(shown=not quiet) as meter:
        study = simulation.study(loaded, range(first_seed, first_seed + seeds), progress=meter)
    if output == "parquet":
        remark(f"{simulation.write_parquet(study.runs, Path(out)):,} rows written to {out}")
    elif output == "json":
        from snowpit.report import simulation_json  # noqa: PLC0415

        put(simulation_json.render(study), out)
    else:
        from snowpit.report.simulation import build  # noqa: PLC0415

        put(text.render(build(study), style()), out)
    if plot:
        from snowpit.report.plot import draw  # noqa: PLC0415 - matplotlib

        draw(study, Path(plot))
        remark(f"drawn in {plot}")
    return study.exit_code


def _check(output: str, out: str, *, plot: str, diagnose: bool) -> None:
    """Refuse combinations that say nothing.

    Raises:
        click.UsageError: With what to type instead.
    """
    if output == "parquet" and not out:
        raise click.UsageError("-o parquet needs a file: --out samples.parquet")
    if plot and not plot.lower().endswith(PICTURES):
        raise click.UsageError("--plot takes the name of a file that ends in .svg or .png")
    for path in filter(None, (out, plot)):
        if not Path(path).absolute().parent.is_dir():
            raise click.UsageError(f"there is no folder for {visible(path)}")
    if diagnose and (output == "parquet" or plot):
        raise click.UsageError("--diagnose gives a report: -o text or -o json, without --plot")
