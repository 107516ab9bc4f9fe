"""A Prometheus server: where it is, how to log in, and which stretch of time is asked for."""

import math
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from snowpit.errors import EvidenceError

MOST_POINTS = 11_000
"""Points of one series that Prometheus gives at most in an answer (``web/api/v1/api.go``)."""

SHORTEST_STEP_S = 15
POINTS = 720
"""Points of one series that a window is divided into unless the step is given."""

MARGIN_S = 600
"""What is asked for before and after other evidence."""

WINDOW_S = 3600
"""What is asked for where nothing else tells a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A Prometheus server and the rights to ask it.

    Args:
        url: Its address, with a path if it stands behind one.
        token: Bearer token; empty for none. Never printed.
        user: User name for basic authentication; empty for none.
        password: Its password. Never printed.
        ca: File with certificates to trust; empty for those of the system.
        now: Present time, seconds since the epoch: the end of the window where no evidence tells another.
        step_s: Seconds between points; 0 to choose by the window.
        timeout_s: Time limit of one query.
        attempts: Tries of one query.
        pause_s: Wait before the second try; doubled before each further one.
    """

    url: str
    now: float
    token: str = ""
    user: str = ""
    password: str = ""
    ca: str = ""
    step_s: int = 0
    timeout_s: float = 60.0
    attempts: int = 3
    pause_s: float = 1.0

    def __repr__(self) -> str:
        """The address alone: what gives rights is not shown."""
        return f"Server({self.label})"

    @property
    def label(self) -> str:
        """The address without user, password or query."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))

    @property
    def authorization(self) -> str:
        """Header that gives the rights: of the token, else of the user, else of a user in the address; or empty."""
        if self.token:
            return f"Bearer {self.token}"
        parts = urlsplit(self.url)
        user, password = self.user or unquote(parts.username or ""), self.password
        if not self.user:
            password = unquote(parts.password or "")
        return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}" if user else ""


def checked(server: Server) -> Server:
    """The same server, if its address can be one.

    Raises:
        EvidenceError: If the address is no http or https address.
    """
    try:
        parts = urlsplit(server.url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise EvidenceError(
            "The address of a Prometheus server starts with http:// or https:// and names a host.",
            "For instance: --prometheus http://127.0.0.1:9090 (kubectl port-forward makes it reachable)",
        )
    return server


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time to ask for.

    Args:
        start: First point, seconds since the epoch.
        end: No point after it.
        step: Seconds between points.
    """

    start: float
    end: float
    step: int

    def pages(self, most: int = MOST_POINTS) -> Iterator[tuple[float, float]]:
        """The stretch in parts of at most so many points, none of which comes twice.

        >>> list(Stretch(0, 100, 10).pages(most=5))
        [(0, 40), (50, 90), (100, 100)]
        """
        start = self.start
        while start <= self.end:
            points = min(most, int((self.end - start) // self.step) + 1)
            yield start, start + (points - 1) * self.step
            start += points * self.step


def stretch(server: Server, extent: tuple[int, int] | None) -> Stretch:
    """What to ask a server for: the time of the other evidence with a margin, or the last hour.

    Args:
        server: The server.
        extent: First and last instant of the other evidence, µs since the epoch; null without any.
    """
    if extent is None:
        start, end = server.now - WINDOW_S, server.now
    else:
        start, end = extent[0] / 1e6 - MARGIN_S, min(extent[1] / 1e6 + MARGIN_S, server.now)
        start = min(start, end)
    step = server.step_s or max(SHORTEST_STEP_S, math.ceil((end - start) / POINTS))
    return Stretch(start, end, step)
