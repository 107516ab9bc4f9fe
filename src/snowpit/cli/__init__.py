"""The command line: the only room that knows terminals, the environment and exit codes.

Commands are loaded when they are called, so that help and completion are quick.
"""

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from snowpit import __version__
from snowpit.errors import EvidenceError, SnowpitError

OK, FOUND, NO_JUDGEMENT, USAGE, STOPPED = 0, 1, 2, 64, 130
"""Exit codes: nothing found, findings, could not judge, wrong usage (``sysexits.h``), stopped by Ctrl-C."""

_SIGNALS: list[int] = []
"""Signals that asked the program to end."""

SPACE = (
    "Check the space and the rights where the output goes, and of $TMPDIR, where large evidence is worked on."
)

COMMANDS = {
    "diagnose": "Say who overloads the API server, why, and what ends it.",
    "top": "Rank requests by any columns.",
    "compare": "Say what changed between two logs or two windows.",
    "sql": "Run SQL over the request table.",
    "simulate": "Simulate a control plane and say whether it recovers.",
    "map": "Map where a scenario is stable, vulnerable or fails, over two parameters.",
    "sweep": "Say how a scenario ends while parameters of it vary.",
    "forecast": "Say whether an overload feeds itself, how near the edge is, and what ends it.",
    "hysteresis": "Show where a scenario has two states, and the edge between them.",
    "sensitivity": "Say which parameters move the edge of a scenario.",
    "lab": "Rehearse a scenario with real requests and leave real evidence.",
    "calibrate": "Make a scenario of evidence.",
    "scenarios": "List or show the scenarios that ship with snowpit.",
    "policy": "Print an audit policy that captures what is needed without leaking tokens.",
    "lint": "Say what in a configuration invites overload.",
    "cases": "Hold published figures of overloaded clusters against what snowpit predicts.",
    "explain": "Explain a detector, observation or fact.",
    "facts": "List what is known of a Kubernetes version, with sources.",
    "demo": "Diagnose the bundled recording of a real incident.",
    "cache": "Show or clear what is kept of large evidence.",
    "completion": "Print a completion script for bash, zsh or fish.",
}
"""Commands in the order of help; each lives in ``cli/<name>.py`` as ``command``."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names in the order of help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name; null if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"snowpit.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 nothing found, 1 findings, 2 could not judge, 64 wrong usage, 130 stopped.",
)
@click.version_option(__version__, prog_name="snowpit", message="%(prog)s %(version)s")
def main() -> None:
    """Find out who overloads a Kubernetes API server, from its audit logs.

    Start with: snowpit demo, or snowpit diagnose /var/log/kubernetes/audit.log
    """


def program(argv0: str) -> str:
    """Name of the program in usage texts: as a kubectl plugin it is called ``kubectl snowpit``."""
    return "kubectl snowpit" if os.path.basename(argv0).startswith("kubectl-snowpit") else "snowpit"  # noqa: PTH119 - pathlib costs start-up time


def run(argv: Sequence[str]) -> int:
    """Run the program and give its exit code; errors become one or two lines, never a traceback.

    Args:
        argv: Name of the program and its arguments.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup wants to outlive its terminal
            signal.signal(number, _terminate)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115 - closed by the caller (>&-)
    sys.stderr = sys.stderr or sys.stdout
    arguments = list(argv[1:]) or ["--help"]
    try:
        result = main.main(args=arguments, prog_name=program(argv[0]), standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return STOPPED
    except Exception as error:  # noqa: BLE001 - what is not known is a defect, and its message may quote evidence
        return _failed(error)
    return result if isinstance(result, int) else OK


def _failed(error: Exception) -> int:
    """Say what went wrong and give the exit code."""
    if isinstance(error, click.ClickException):
        error.show()
        return USAGE
    if isinstance(error, SnowpitError):
        return _explained(error)
    if isinstance(error, BrokenPipeError):
        _hush()
        return OK
    if isinstance(error, OSError):
        _hush()
        return _explained(EvidenceError(f"{error.strerror or type(error).__name__}.", SPACE))
    # The database turns whatever a signal handler raises into this error.
    if isinstance(error, RuntimeError) and str(error) == "Query interrupted":
        return 128 + _SIGNALS[-1] if _SIGNALS else STOPPED
    return _defect(error)


def _terminate(number: int, _: object) -> None:
    """Leave by the way that removes temporary files."""
    _SIGNALS.append(number)
    raise SystemExit(128 + number)


def _explained(error: SnowpitError) -> int:
    """Print an error with its hint."""
    from snowpit.report.visible import visible  # noqa: PLC0415 - once per subcommand

    click.echo(f"error: {visible(error.message)}", err=True)
    if error.hint:
        click.echo(f"hint: {visible(error.hint)}", err=True)
    return NO_JUDGEMENT if isinstance(error, EvidenceError) else USAGE


def _defect(error: Exception) -> int:
    """Report a defect of snowpit by the type of the error alone: its message could hold evidence."""
    if os.environ.get("SNOWPIT_DEBUG") == "1":
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    click.echo(
        f"error: internal error ({type(error).__name__}); please report it."
        "\nhint: SNOWPIT_DEBUG=1 prints where it happened; read that before sharing it, it may quote evidence.",
        err=True,
    )
    return NO_JUDGEMENT


def _hush() -> None:
    """Let nothing more be written to a closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
