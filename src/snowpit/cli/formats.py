"""Options that several commands share and that load nothing heavy: output formats, what is known of the server."""

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


def server(function: Function) -> Function:
    """What the user knows of the server that the evidence is of."""
    function = click.option(
        "--limits",
        default="",
        metavar="KIND=N,...",
        help="In-flight limits where they differ from the defaults: readonly=400,mutating=200.",
    )(function)
    return click.option(
        "--server-version", default="", metavar="VERSION", help="Version of kube-apiserver, e.g. 1.12.4."
    )(function)
