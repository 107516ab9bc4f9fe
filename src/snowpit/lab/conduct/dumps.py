"""Metrics of a server, saved as a Prometheus would see them."""

from pathlib import Path

from snowpit.lab.clock import Clock
from snowpit.lab.conduct.casting import LAB
from snowpit.lab.conduct.stage import address
from snowpit.lab.wire import Credential, LostError, Network


async def dump(network: Network, server: int, folder: Path, *, clock: Clock) -> None:
    """Save what /metrics shows now; nothing if the server does not answer.

    Args:
        network: Carries the request.
        server: Number of the server.
        folder: Folder of the lab.
        clock: The lab's clock.
    """
    credential = Credential(certificate=LAB)
    try:
        response = await network.send(address(server), "GET", "/metrics", credential=credential)
    except LostError:
        return
    stamp = clock.moment().strftime("%Y-%m-%dT%H-%M-%SZ")
    path = folder / f"apiserver-{server}" / f"metrics-{stamp}.prom"
    path.write_bytes(response.body)
