"""A lab speaks to its own machine alone, and may hold as many connections as the system lets it."""

import resource
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from snowpit.errors import LabError

PORTS = range(1 << 16)


class Place(NamedTuple):
    """An address on loopback.

    Args:
        host: IP address.
        port: Port; 0 lets the system choose one to listen on.
    """

    host: str
    port: int


@lru_cache(maxsize=16_384)
def place(address: str) -> Place:
    """An address in its parts, if it is on loopback.

    Args:
        address: ``127.0.0.1:6443`` or ``[::1]:6443``; names are not looked up.

    Raises:
        LabError: If it is no address, or one of another machine.

    >>> place("127.16.0.1:10250")
    Place(host='127.16.0.1', port=10250)
    """
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or not port.isascii() or int(port) not in PORTS:
        raise LabError(f"{address!r} is no address with a port.", "Write it like 127.0.0.1:6443.")
    return Place(loopback(host.removeprefix("[").removesuffix("]")), int(port))


def loopback(host: str) -> str:
    """An IP address that is this machine.

    Raises:
        LabError: If it is not.
    """
    try:
        found = ip_address(host)
    except ValueError:
        raise LabError(f"{host!r} is no IP address.", "Write it like 127.0.0.1.") from None
    if not found.is_loopback or getattr(found, "ipv4_mapped", None) or getattr(found, "scope_id", None):
        raise LabError(
            f"A lab does not talk to {host}: it keeps to this machine.", "Take an address of 127.0.0.0/8."
        )
    return host


def raise_open_files() -> int:
    """Let this process open as many files and sockets as it may, and tell how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
