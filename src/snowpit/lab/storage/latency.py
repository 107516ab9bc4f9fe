"""What an operation of the store takes: the law of loopback reads."""

import asyncio
from collections.abc import Callable

from snowpit.cluster.control_plane import ControlPlane
from snowpit.cluster.workload import Delay
from snowpit.lab.chance import drawer


async def pause(seconds: float) -> None:
    """Wait; no time at all is no step of the loop either."""
    if seconds > 0.0:
        await asyncio.sleep(seconds)


def latency(plane: ControlPlane, seed: int, name: str) -> Callable[[], float]:
    """Draws the time of one read, lognormal with mean ``loopback_read_s``, s; constant where its sigma is 0.

    Args:
        plane: Parameters of the API servers.
        seed: Seed of the lab.
        name: Whose reads they are.
    """
    mean = plane.number("loopback_read_s") or 0.0
    sigma = plane.number("loopback_read_sigma") or 0.0
    law = "lognormal" if sigma > 0.0 else "constant"
    return drawer(Delay(law=law, mean_s=mean, sigma=sigma), f"{seed}:{name}:read")
