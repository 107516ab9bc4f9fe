"""``snowpit cases``: published figures against predictions."""

import sys

import click

from snowpit.cli import formats
from snowpit.cli.output import style, write
from snowpit.cli.status_line import StatusLine
from snowpit.errors import FactError
from snowpit.knowledge.cases import Case, cases


@click.command("cases")
@click.argument("ids", nargs=-1, metavar="[CASE]...")
@click.option("--quick", is_flag=True, help="Closed forms and facts only; no simulation.")
@formats.output("text", "json")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def command(*, ids: tuple[str, ...], quick: bool, output: str, quiet: bool) -> int:
    """Hold published figures of overloaded clusters against what snowpit predicts.

    Without CASE all of them, A1 to A16. A prediction comes from closed forms, from facts by version, or from short
    simulations; it is a hit if the published number lies within its interval and the tolerance. Misses stay, with
    the reason as far as it is known.

    Exit codes: 0 the figures were compared, 64 there is no such case.
    """
    chosen = _chosen(ids)
    from snowpit.forecast.cases import compare  # noqa: PLC0415 - once per subcommand, as below
    from snowpit.report import cases as report  # noqa: PLC0415
    from snowpit.report import text  # noqa: PLC0415

    line = StatusLine(sys.stderr)
    shown = not quiet and sys.stderr.isatty()

    def progress(what: str, done: int, total: int) -> None:
        if shown:
            line.show(f"{done} of {total}: {what}")

    try:
        judged = compare(chosen, quick=quick, progress=progress)
    finally:
        line.wipe()
    write(report.render_json(judged) if output == "json" else text.render(report.page(judged), style()))
    return 0


def _chosen(ids: tuple[str, ...]) -> tuple[Case, ...]:
    """The cases of those ids, all without any.

    Raises:
        FactError: If there is no case of an id.
    """
    known = {case.id: case for case in cases()}
    wanted = [one.upper() for one in ids]
    for one in wanted:
        if one not in known:
            raise FactError(f"There is no case {one[:20]!a}.", f"Cases are A1 to A{len(known)}.")
    return tuple(known[one] for one in dict.fromkeys(wanted)) or cases()
