"""``snowpit map``: where a scenario is stable, vulnerable, self-sustaining or overloaded, over two parameters."""

from typing import TYPE_CHECKING

import click

from snowpit.cli import exploring

if TYPE_CHECKING:
    from snowpit.report.explore.figure import Drawing


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
    given: exploring.Given,
) -> int:
    """Map where a scenario is stable, vulnerable, self-sustaining or overloaded.

    SCENARIO is a preset (snowpit scenarios) or a TOML file; of its events only triggers happen.

    With --out a folder gets map.svg, map.png, points.parquet, index.html and journal.jsonl.

    Exit codes: 0 the map was computed, 2 the folder or the cluster cannot be used, 64 wrong usage.
    """
    from snowpit.workflow import explore  # noqa: PLC0415 - once per subcommand, as below

    varied = explore.Varied(scenario, given.overrides)
    axes = explore.ranged(varied.axes((across, up)))
    found = exploring.explored(given, varied, axes, question="state", edges="state_and_edge")
    from snowpit.report.explore import as_json, words  # noqa: PLC0415

    def pictures() -> dict[str, "Drawing"]:
        from snowpit.report.explore import map as maps  # noqa: PLC0415 - matplotlib

        return {"map": maps.stability(found)}

    exploring.told(
        given, words.stability(found), lambda: as_json.render(found, "map"), found.points, pictures
    )
    return 0
