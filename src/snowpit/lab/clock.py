"""The lab's clock: seconds since the lab began, read off the running event loop, and instants for evidence.

On wall time the loop's time is the machine's monotonic clock; on virtual time it jumps from one thing due to the next.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Time of a lab.

    Args:
        origin: The loop's time when the lab began, s.
        epoch: The instant that this was, µs since the epoch.
    """

    origin: float
    epoch: int

    def now(self) -> float:
        """Seconds since the lab began."""
        return asyncio.get_running_loop().time() - self.origin

    def stamp(self) -> int:
        """This instant, µs since the epoch."""
        return self.epoch + round(self.now() * 1e6)

    def moment(self) -> datetime:
        """This instant as date and time, UTC."""
        return moment(self.stamp())


def moment(stamp: int) -> datetime:
    """µs since the epoch as date and time, UTC.

    >>> moment(1_577_836_800_000_001).isoformat()
    '2020-01-01T00:00:00.000001+00:00'
    """
    seconds, rest = divmod(stamp, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
