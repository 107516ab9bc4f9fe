"""``snowpit lab``: a small control plane in memory, in which a scenario happens and leaves real evidence."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from snowpit.cli.output import remark, style, write
from snowpit.cli.progress import StatusLine
from snowpit.report import text
from snowpit.report.figures import seconds

DIVERGED = 1
MICROS = 1_000_000


@click.group("lab")
def command() -> None:
    """Rehearse a scenario with real requests, tokens, audit logs and metrics, on virtual time."""


@command.command("run")
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value, as for simulate; more than once.",
)
@click.option("--horizon", default="", metavar="TIME", help="How long to rehearse: 900s, 20m, 1h.")
@click.option(
    "--scale",
    type=click.FloatRange(0.0, 100.0, min_open=True),
    default=0.1,
    show_default=True,
    help="Populations and limits times this; ratios, and so the behaviour, stay.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of all chance.")
@click.option(
    "--out", default="snowpit-lab", show_default=True, metavar="DIR", help="New folder for the evidence."
)
@click.option(
    "--check", is_flag=True, help="Diagnose the evidence, simulate the same, and compare the three."
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def run(
    *,
    scenario: str,
    overrides: tuple[str, ...],
    horizon: str,
    scale: float,
    seed: int,
    out: str,
    check: bool,
    quiet: bool,
) -> int:
    """Run SCENARIO (a preset of snowpit scenarios, or a TOML file) to its horizon.

    The folder then holds what a real control plane leaves behind: audit log, metrics once a minute, component log, audit
    policy; and record.jsonl: what was done when. Its pki folder holds throw-away keys and tokens.

    Exit codes: 0 healthy or recovered, 1 stuck or overloaded (with --check also: the three disagree), 64 wrong usage.
    """
    from snowpit.cluster.scenario_file import load  # noqa: PLC0415 - once per subcommand, as below
    from snowpit.workflow import rehearsal  # noqa: PLC0415

    changed = (*overrides, f"horizon={horizon}") if horizon else overrides
    ready = rehearsal.prepared(load(scenario, overrides=changed), scale)
    view = _View(shown=not quiet and sys.stderr.isatty(), until_s=ready.horizon_s)
    folder, epoch = Path(out), round((time.time() - ready.horizon_s) * MICROS)
    try:
        found = rehearsal.study(ready, seed, folder=folder, epoch=epoch, seen=view)
    finally:
        view.close()
    from snowpit.report.rehearsal import build, compared  # noqa: PLC0415

    write(text.render(build(found), style()))
    remark(f"evidence in {out}; for instance: snowpit diagnose {' '.join(rehearsal.evidence(folder))}")
    if not check:
        return found.exit_code
    told = rehearsal.check(found, folder)
    write(compared(told.lab, told.simulator, told.cause, told.answer))
    return found.exit_code if told.lab is told.simulator else DIVERGED


class _View:
    """One line of a terminal: where the lab is, and how its servers stand."""

    def __init__(self, *, shown: bool, until_s: float) -> None:
        self._line, self._shown, self._until_s = StatusLine(sys.stderr), shown, until_s

    def __call__(self, now: float, told: Sequence[object]) -> None:
        """Show the state after a bin."""
        if not self._shown:
            return
        found = [one for one in told if isinstance(one, dict)]
        held = sum(int(one.get("seats_mutating", 0)) for one in found)
        waits = max((float(one.get("throttle_wait_s", 0.0)) for one in found), default=0.0)
        refused = sum(int(one.get("rejected", 0)) for one in found)
        self._line.show(
            f"{seconds(now)} of {seconds(self._until_s)}: {held} write seats held, look-ups wait {seconds(waits)}, {refused:,} refused so far"
        )

    def close(self) -> None:
        """Wipe the line."""
        self._line.wipe()
