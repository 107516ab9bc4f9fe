"""Options that several commands take, and what they mean for the rooms below."""

import os
import sys
import time
from pathlib import Path
from typing import TextIO

import click

from snowpit.cli.formats import Function
from snowpit.cli.progress import Meter
from snowpit.ingest.remote import Remote
from snowpit.store import cache_home
from snowpit.workflow.evidence import Source


def paths(function: Function) -> Function:
    """Files, directories, archives or ``-``."""
    return click.argument("paths", nargs=-1, required=True, metavar="PATH...")(function)


def prometheus(function: Function) -> Function:
    """Paths that may be left out where a Prometheus server is given, and how to ask it."""
    function = click.option(
        "--prometheus-ca", default="", metavar="FILE", help="Certificates to trust at --prometheus (PEM)."
    )(function)
    function = click.option(
        "--prometheus-auth",
        type=click.File("r"),
        metavar="FILE",
        help="File with a bearer token or USER:PASSWORD for --prometheus; else SNOWPIT_PROMETHEUS_TOKEN, or"
        " SNOWPIT_PROMETHEUS_USER and SNOWPIT_PROMETHEUS_PASSWORD.",
    )(function)
    function = click.option(
        "--prometheus",
        default="",
        metavar="URL",
        help="Prometheus server that is asked for metrics of the time of the evidence, or of the last hour.",
    )(function)
    return click.argument("paths", nargs=-1, metavar="PATH...")(function)


def remotes(url: str, auth: TextIO | None, ca: str) -> tuple[Remote, ...]:
    """The Prometheus server that the options describe, if any."""
    if not url:
        return ()
    from snowpit.ingest.prometheus import Server, source  # noqa: PLC0415 - loads an HTTP client

    given = auth.readline().strip() if auth else ""
    user, colon, password = given.partition(":")
    server = Server(
        url=url,
        now=time.time(),
        token=os.environ.get("SNOWPIT_PROMETHEUS_TOKEN", "") if not given else "" if colon else given,
        user=user if colon else "" if given else os.environ.get("SNOWPIT_PROMETHEUS_USER", ""),
        password=password if colon else os.environ.get("SNOWPIT_PROMETHEUS_PASSWORD", ""),
        ca=ca,
    )
    return (source(server),)


def narrowing(function: Function) -> Function:
    """Options that narrow the evidence: window and filter."""
    function = click.option(
        "--where",
        default="",
        metavar="EXPR",
        help="Look only at requests for which this SQL condition holds.",
    )(function)
    function = click.option(
        "--until", default="", metavar="TIME", help="Look only at requests that arrived before."
    )(function)
    return click.option(
        "--since",
        default="",
        metavar="TIME",
        help="Look only at requests that arrived from then on: 2024-01-02T03:04:05Z, '2024-01-02 03:04' (UTC),"
        " or -15m, counted from the end of the evidence.",
    )(function)


def caching(function: Function) -> Function:
    """Options on what is kept of large evidence."""
    function = click.option(
        "--cache-dir", default="", metavar="DIR", help="Where it is kept  [default: $XDG_CACHE_HOME/snowpit]"
    )(function)
    return click.option(
        "--no-cache", is_flag=True, help="Keep nothing of large evidence, and use nothing kept."
    )(function)


def cache_directory(given: str = "", *, off: bool = False) -> Path | None:
    """Where parsed evidence is kept; null if nowhere."""
    if off:
        return None
    return Path(given) if given else cache_home()


def source(
    paths: tuple[str, ...],
    *,
    since: str = "",
    until: str = "",
    where: str = "",
    no_cache: bool = False,
    cache_dir: str = "",
    prometheus: str = "",
    prometheus_auth: TextIO | None = None,
    prometheus_ca: str = "",
) -> Source:
    """The evidence that the options describe, with progress on a terminal.

    Raises:
        click.UsageError: If they describe none.
    """
    if not paths and not prometheus:
        raise click.UsageError("Missing argument 'PATH...'.")
    return Source(
        remotes=remotes(prometheus, prometheus_auth, prometheus_ca),
        paths=paths,
        since=since,
        until=until,
        where=where,
        cache=cache_directory(cache_dir, off=no_cache),
        stdin=sys.stdin.buffer if "-" in paths else None,
        progress=Meter(sys.stderr) if sys.stderr.isatty() else None,
    )


def done(given: Source) -> None:
    """Wipe the progress line."""
    if isinstance(given.progress, Meter):
        given.progress.close()
