"""A whole lab in one process on virtual time: the same servers, kubelets and clients, an hour in minutes."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from snowpit.cluster.scenario import Scenario
from snowpit.lab import virtual
from snowpit.lab.authority import Signer, Verifier
from snowpit.lab.authority.tokens import rsa
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.casting import Casting
from snowpit.lab.conduct.playing import play
from snowpit.lab.conduct.sampling import Seen
from snowpit.lab.conduct.servers import OwnServers
from snowpit.lab.conduct.stage import Stage, files, stocked
from snowpit.lab.network.memory import MemoryNetwork
from snowpit.lab.setup import PLAIN, Auditing
from snowpit.model.sample import Run

EPOCH = 1_577_836_800_000_000
"""When a virtual lab begins, µs since the epoch: 2020-01-01."""


def rehearse(
    scenario: Scenario,
    *,
    seed: int,
    folder: Path | None = None,
    epoch: int = EPOCH,
    seen: Seen | None = None,
    auditing: Auditing = PLAIN,
) -> Run:
    """Run a scenario on virtual time.

    Args:
        scenario: What is to happen.
        seed: Seed of all chance.
        folder: Where evidence is written; null writes none.
        epoch: When the lab begins, µs since the epoch, as evidence tells it.
        seen: Told of every bin.
        auditing: How the API servers are audited.

    Raises:
        SnowpitError: If the lab cannot do what the scenario asks for.
    """
    with TemporaryDirectory(prefix="snowpit-lab-") as spare:
        pki = (folder or Path(spare)) / "pki"
        run = _rehearse(scenario, seed, folder=folder, pki=pki, epoch=epoch, seen=seen, auditing=auditing)
        return virtual.run(run)


async def _rehearse(
    scenario: Scenario,
    seed: int,
    *,
    folder: Path | None,
    pki: Path,
    epoch: int,
    seen: Seen | None,
    auditing: Auditing,
) -> Run:
    key = rsa()
    clock = Clock(asyncio.get_running_loop().time(), epoch)
    casting = Casting(scenario, Signer(key), epoch)
    cast = casting.cast()
    stage = Stage(
        scenario=scenario,
        seed=seed,
        casting=casting,
        cast=cast,
        network=MemoryNetwork(cast.certificates),
        verifier=Verifier([key]),
        clock=clock,
        pki=files(casting, pki),
        auditing=auditing,
    )
    servers = OwnServers(stage, stocked(stage), folder=folder)
    return await play(stage, servers, folder=folder, seen=seen)
