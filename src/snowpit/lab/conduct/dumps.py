"""What a server tells of itself, saved: metrics as a Prometheus would see them, and the dumps of priority and fairness."""

from pathlib import Path

from snowpit.lab.clock import Clock
from snowpit.lab.conduct.casting import LAB
from snowpit.lab.conduct.stage import address
from snowpit.lab.wire import Credential, LostError, Network, Response

FAIRNESS = "/debug/api_priority_and_fairness/"
DUMPS = ("dump_priority_levels", "dump_queues", "dump_requests")
OK = 200


async def dump(network: Network, server: int, folder: Path, *, clock: Clock) -> None:
    """Save what /metrics shows now, and the latest dumps; nothing if the server does not answer.

    Metrics of each moment are kept, of the dumps only the last ones, as an operator has them.

    Args:
        network: Carries the requests.
        server: Number of the server.
        folder: Folder of the lab.
        clock: The lab's clock.
    """
    place = folder / f"apiserver-{server}"
    stamp = clock.moment().strftime("%Y-%m-%dT%H-%M-%SZ")
    try:
        metrics = await _get(network, server, "/metrics")
        (place / f"metrics-{stamp}.prom").write_bytes(metrics.body)
        for name in DUMPS:
            found = await _get(network, server, FAIRNESS + name)
            if found.status != OK:
                return
            (place / f"{name}.txt").write_bytes(found.body)
    except LostError:
        return


async def _get(network: Network, server: int, path: str) -> Response:
    return await network.send(address(server), "GET", path, credential=Credential(certificate=LAB))
