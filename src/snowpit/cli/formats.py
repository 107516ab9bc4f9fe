"""The option that all commands with several output formats share; it loads nothing heavy."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def output(*choices: str) -> Callable[[Function], Function]:
    """The output format; the first is the default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="Output format.",
    )
