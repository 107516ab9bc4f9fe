"""A lab from its first request to its last, whatever network carries them."""

import asyncio
from pathlib import Path

from snowpit.lab.around.collector import Collector
from snowpit.lab.around.crowd import Crowd
from snowpit.lab.around.kubelets import address as kubelet_address
from snowpit.lab.around.places import Places
from snowpit.lab.around.world import World
from snowpit.lab.conduct.conductor import Conductor
from snowpit.lab.conduct.parties import Servers
from snowpit.lab.conduct.sampling import Seen
from snowpit.lab.conduct.stage import Stage, address
from snowpit.model.sample import Run

SCRAPE_S = 60.0


async def play(
    stage: Stage, servers: Servers, *, folder: Path | None, seen: Seen | None, operated: bool = False
) -> Run:
    """Run a lab to its end.

    Args:
        stage: The lab.
        servers: Its API servers, started; closed at the end.
        folder: Where evidence is written; null writes none.
        seen: Told of every bin.
        operated: Whether operators may reach it while it runs, through a socket in its folder.
    """
    scenario, network = stage.scenario, stage.network
    places = Places([address(server) for server in range(scenario.servers)])
    world = World(network, places, stage.clock, scenario.plane.version, stage.seed, scenario.bin_s)
    crowd = Crowd(scenario, stage.cast, world, folder=folder)
    for node, kubelet in enumerate(crowd.kubelets):
        network.attach(kubelet_address(node), kubelet.handle)
    collector = _collector(stage, folder)
    conductor = Conductor(
        scenario,
        servers,
        crowd,
        clock=stage.clock,
        folder=folder,
        seen=seen,
        auditing=stage.auditing,
    )
    crowd.start()
    dumps = asyncio.ensure_future(_dump(servers, scenario.servers, crowd)) if folder else None
    control = await conductor.open(folder) if folder and operated else None
    try:
        return await conductor.run(seed=stage.seed)
    finally:
        if control is not None:
            await control.cleanup()
        if dumps is not None:
            dumps.cancel()
        await crowd.close()
        await _drop_the_rest()
        await servers.close()
        if collector is not None:
            collector.close()


def _collector(stage: Stage, folder: Path | None) -> Collector | None:
    """What audit webhooks are sent to, if there is one."""
    hook = stage.auditing.webhook
    if hook is None or folder is None:
        return None
    collector = Collector(folder, stage.clock)
    stage.network.attach(hook.address, collector.handle)
    return collector


async def _drop_the_rest() -> None:
    """Cancel what still hangs inside servers and kubelets, and what its end sets off."""
    own = asyncio.current_task()
    while left := [task for task in asyncio.all_tasks() if task is not own]:
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _dump(servers: Servers, number: int, crowd: Crowd) -> None:
    """Save metrics every minute, as a Prometheus would, and what kubelets and scrapers have noted."""
    while True:
        crowd.keep()
        for server in range(number):
            await servers.dump(server)
        await asyncio.sleep(SCRAPE_S)
