"""TLS of a lab: both sides trust its own authorities and nobody else.

A client certificate that no authority of the lab has signed ends the handshake. A real API server goes on and answers
401; OpenSSL has no such mode.
"""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from snowpit.errors import LabError
from snowpit.lab.wire import Certificate

NAME = "localhost"
"""Name that the certificate of every server of a lab holds, whatever address it listens on."""

CLIENTS = ("ca", "front-proxy-ca")
"""Whose client certificates an API server takes; a kubelet takes those of the first alone."""


def server_context(folder: Path, stem: str, authorities: Sequence[str] = CLIENTS) -> ssl.SSLContext:
    """What a server shows, and which client certificates it takes.

    Args:
        folder: The lab's certificates and keys.
        stem: Name of the server's certificate.
        authorities: Names of the authorities whose client certificates it takes.

    Raises:
        LabError: If a file is missing or broken.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    _load(context, folder, stem)
    context.verify_mode = ssl.CERT_OPTIONAL
    for authority in authorities:
        _trust(context, folder / f"{authority}.crt")
    return context


def client_context(folder: Path, stem: str = "") -> ssl.SSLContext:
    """What a client trusts, and shows.

    Args:
        folder: The lab's certificates and keys.
        stem: Name of its certificate; empty shows none.

    Raises:
        LabError: If a file is missing or broken.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _trust(context, folder / "ca.crt")
    if stem:
        _load(context, folder, stem)
    return context


def peer(shown: dict[str, Any] | None) -> Certificate | None:
    """The client certificate of a connection, as Python's TLS tells of it."""
    if not shown:
        return None
    subject = [pair for part in shown.get("subject", ()) for pair in part]
    issuer = [pair for part in shown.get("issuer", ()) for pair in part]
    return Certificate(
        common_name=_last(subject, "commonName"),
        organizations=tuple(value for key, value in subject if key == "organizationName"),
        issuer=_last(issuer, "commonName"),
    )


def _last(pairs: list[tuple[str, str]], name: str) -> str:
    return next((value for key, value in reversed(pairs) if key == name), "")


def _load(context: ssl.SSLContext, folder: Path, stem: str) -> None:
    try:
        context.load_cert_chain(folder / f"{stem}.crt", folder / f"{stem}.key")
    except OSError as error:
        raise _broken(folder / f"{stem}.crt") from error


def _trust(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except OSError as error:
        raise _broken(path) from error


def _broken(path: Path) -> LabError:
    return LabError(f"The lab has no usable certificate {path.name}.", f"Look into {path.parent}.")
