"""``snowpit hysteresis``: the healthy branch, the branch after a deep start, and the edge between them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from snowpit.cli import exploring

if TYPE_CHECKING:
    from snowpit.report.explore.figure import Drawing


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
    given: exploring.Given,
) -> int:
    """Show over which values of a parameter a scenario has two states, and the edge between them.

    SCENARIO is a preset (snowpit scenarios) or a TOML file; its own events do not happen.

    With --out a folder gets hysteresis.svg, demand.svg (demand for look-ups against capacity) and portrait.svg (courses
    around the edge), all as .png too, points.parquet, index.html and journal.jsonl.

    Exit codes: 0 the branches were computed, 2 the folder or the cluster cannot be used, 64 wrong usage.
    """
    from snowpit.workflow import explore  # noqa: PLC0415 - once per subcommand, as below

    varied = explore.Varied(scenario, given.overrides)
    axes = explore.ranged(varied.axes((over,)))
    found = exploring.explored(given, varied, axes, question="branches")
    from snowpit.report.explore import as_json, words  # noqa: PLC0415

    def pictures() -> Mapping[str, "Drawing"]:
        from snowpit.workflow import branches  # noqa: PLC0415 - matplotlib

        return branches.pictures(found)

    page = words.hysteresis(found)
    exploring.told(given, page, lambda: as_json.render(found, "hysteresis"), found.points, pictures)
    return 0
