"""What the commands that explore have in common: options, progress, results on the terminal and in a folder."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from snowpit.cli import formats
from snowpit.cli.replications import Meter

Function = TypeVar("Function", bound=Callable[..., Any])


def common(seeds: int) -> Callable[[Function], Function]:
    """The options that all of them take.

    Args:
        seeds: Seeds of every point unless told otherwise.
    """

    def added(function: Function) -> Function:
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

    return added


@contextmanager
def metered(*, quiet: bool) -> Iterator[Meter]:
    """Progress on a terminal for the time of a ``with``."""
    meter = Meter(sys.stderr, shown=not quiet and sys.stderr.isatty())
    try:
        yield meter
    finally:
        meter.close()


def folder(out: str) -> Path | None:
    """The folder of results; null if none was named."""
    return Path(out) if out else None
