"""What the commands that explore have in common: options, progress, results on the terminal and in a folder."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from snowpit.cli import formats
from snowpit.cli.formats import Function
from snowpit.cli.output import remark, style, write
from snowpit.cli.replications import metered

if TYPE_CHECKING:
    from snowpit.forecast.explore.axes import Axis
    from snowpit.forecast.explore.gathered import Exploration
    from snowpit.forecast.explore.run import Point
    from snowpit.report.content import Page
    from snowpit.report.explore.figure import Drawing
    from snowpit.workflow.explore import Varied


def common(seeds: int) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """The options that all of them take; the command gets them as ``given``.

    Args:
        seeds: Seeds of every point unless told otherwise.
    """

    def added(command: Callable[..., int]) -> Callable[..., int]:
        @wraps(command)
        def function(
            *,
            overrides: tuple[str, ...],
            seeds: int,
            cluster: str,
            out: str,
            output: str,
            quiet: bool,
            **own: object,
        ) -> int:
            folder = Path(out) if out else None
            return command(given=Given(overrides, seeds, cluster, folder, output, quiet), **own)

        return _options(function, seeds)

    return added


def _options(function: Function, seeds: int) -> Function:
    function = click.option("-q", "--quiet", is_flag=True, help="Show no progress.")(function)
    function = formats.output("text", "json")(function)
    function = click.option(
        "--out",
        default="",
        metavar="DIR",
        help="Folder for pictures, data, page and journal; a run that was stopped goes on from there.",
    )(function)
    function = click.option(
        "--cluster",
        default="local",
        show_default=True,
        metavar="WHERE",
        help="local, dask://host:8786 (a scheduler) or ray://host:10001 (a client server) that you trust.",
    )(function)
    function = click.option(
        "--seeds",
        metavar="N",
        type=click.IntRange(1, 1000),
        default=seeds,
        show_default=True,
        help="Replications of every point.",
    )(function)
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change a value of the scenario first, as simulate does; more than once.",
    )(function)


class Given(NamedTuple):
    """What the options that all of them take say.

    Args:
        overrides: Values changed first.
        seeds: Number of seeds.
        cluster: Where the jobs run.
        folder: Folder of results; null if none was named.
        output: ``text`` or ``json``.
        quiet: Whether no progress is shown.
    """

    overrides: tuple[str, ...]
    seeds: int
    cluster: str
    folder: Path | None
    output: str
    quiet: bool


def explored(
    given: Given, varied: "Varied", axes: "Sequence[Axis]", *, question: str, edges: str = ""
) -> "Exploration":
    """Ask one question at all points, with progress.

    Args:
        given: The common options.
        varied: The scenario.
        axes: What is varied.
        question: As ``workflow.explore.explored`` takes it.
        edges: Likewise.
    """
    from snowpit.workflow import explore  # noqa: PLC0415 - once per subcommand, as below

    with metered(shown=not given.quiet) as meter:
        return explore.explored(
            varied,
            axes,
            question=question,
            edges=edges,
            seeds=range(1, given.seeds + 1),
            cluster=given.cluster,
            folder=given.folder,
            progress=meter,
        )


def told(
    given: Given,
    page: "Page",
    document: Callable[[], str],
    points: "Sequence[Point]",
    pictures: "Callable[[], Mapping[str, Drawing]]" = dict,
) -> None:
    """Print the page or the document, and keep everything in the folder if one was named.

    Args:
        given: The common options.
        page: The page.
        document: Makes the JSON text.
        points: What the folder keeps as data.
        pictures: Makes the pictures of the folder; matplotlib is loaded there only.
    """
    from snowpit.report import text  # noqa: PLC0415
    from snowpit.workflow import explore  # noqa: PLC0415

    write(document() if given.output == "json" else text.render(page, style()))
    if given.folder is not None:
        explore.keep(points, page, given.folder, pictures=pictures())
        remark(f"kept in {given.folder}")
