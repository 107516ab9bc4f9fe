"""``snowpit sweep``: how a scenario ends while parameters of it take many values."""

import click

from snowpit.cli import exploring


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
    given: exploring.Given,
) -> int:
    """Say how a scenario ends while parameters of it take many values.

    SCENARIO is a preset (snowpit scenarios) or a TOML file. All its events happen, interventions included.

    With --out a folder gets points.parquet (one row per point and seed), index.html and journal.jsonl.

    Exit codes: 0 all points were simulated, 2 the folder or the cluster cannot be used, 64 wrong usage.
    """
    from snowpit.workflow import explore  # noqa: PLC0415 - once per subcommand, as below

    varied = explore.Varied(scenario, given.overrides)
    axes = varied.axes(over)
    found = exploring.explored(given, varied, axes, question="ending")
    from snowpit.report.explore import as_json, words  # noqa: PLC0415

    exploring.told(given, words.sweep(found), lambda: as_json.render(found, "sweep"), found.points)
    return 0
