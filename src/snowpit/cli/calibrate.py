"""``snowpit calibrate``: from evidence to a scenario."""

from pathlib import Path

import click

from snowpit.cli import formats, options
from snowpit.cli.diagnose import parse_limits
from snowpit.cli.output import remark, style, write
from snowpit.cli.replications import metered
from snowpit.errors import EvidenceError


@click.command("calibrate")
@options.prometheus
@click.option(
    "-o",
    "--output",
    "out",
    default="-",
    metavar="FILE",
    show_default=True,
    help="Write the scenario there (TOML); - is standard output.",
)
@click.option("--name", default="", metavar="NAME", help="Name of the scenario  [default: that of the file].")
@formats.server
@click.option(
    "--fit", "fitted", is_flag=True, help="Fit by simulation what stays assumed and shows in a failure."
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@options.narrowing
@options.caching
def command(
    *,
    out: str,
    name: str,
    server_version: str,
    limits: str,
    fitted: bool,
    quiet: bool,
    **evidence: object,
) -> int:
    """Make a scenario of evidence: everything that simulate, lab and forecast need.

    PATH is whatever diagnose reads. Each value is told with its source and bounds, in the file and on the terminal;
    what the evidence cannot tell is told with the evidence that would.

    \b
    snowpit calibrate audit.log apiserver.log configuration/ -o scenario.toml
    snowpit simulate scenario.toml

    Exit codes: 0 made, 2 could not judge, 64 wrong usage.
    """  # noqa: D301 - click takes the backspace as "do not wrap"
    from snowpit.report import calibration as account  # noqa: PLC0415 - once per subcommand, as below
    from snowpit.report import text  # noqa: PLC0415
    from snowpit.workflow.calibration import run  # noqa: PLC0415
    from snowpit.workflow.diagnosis import Question  # noqa: PLC0415

    source = options.source(**evidence)  # type: ignore[arg-type]
    stem = name or (Path(out).name.removesuffix(".toml") if out != "-" else "calibrated")
    question = Question(source=source, server_version=server_version, limits=parse_limits(limits))
    with metered(shown=fitted and not quiet) as meter:
        found = run(question, name=stem, fitted=fitted, progress=meter)
    options.done(source)
    written = account.toml(found.scenario, found.calibration)
    if out == "-":
        write(written)
        return 0
    _save(written, Path(out))
    write(text.render(account.page(found.scenario, found.calibration, found.remarks), style()))
    remark(f"scenario in {out}; for instance: snowpit simulate {out}")
    return 0


def _save(written: str, path: Path) -> None:
    try:
        path.write_text(written, encoding="utf-8")
    except OSError as error:
        raise EvidenceError(
            f"The scenario cannot be written: {error.strerror}.", "Check the folder and the rights of -o."
        ) from error
