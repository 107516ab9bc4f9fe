"""A whole lab on wall time, each API server in a process of its own: real sockets, TLS, certificates and signed tokens on this machine."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from snowpit.cluster.scenario import Scenario
from snowpit.lab.around import kubelets
from snowpit.lab.authority.pki import Pki
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.casting import LAB, Casting
from snowpit.lab.conduct.parties import Ground, Servers
from snowpit.lab.conduct.playing import play
from snowpit.lab.conduct.processes import ServerProcesses, lead
from snowpit.lab.conduct.real_servers import RealServers
from snowpit.lab.conduct.sampling import Seen
from snowpit.lab.conduct.stage import Stage, address, files
from snowpit.lab.network.listening import ListeningNetwork
from snowpit.lab.network.tls import CLIENTS, server_context
from snowpit.lab.real.binaries import Binaries
from snowpit.lab.setup import PLAIN, Auditing
from snowpit.model.sample import Run

KUBELET = "kubelet"


def rehearse(
    scenario: Scenario,
    *,
    seed: int,
    folder: Path | None = None,
    seen: Seen | None = None,
    binaries: Binaries | None = None,
    auditing: Auditing = PLAIN,
) -> Run:
    """Run a scenario on wall time; it takes as long as it says.

    Args:
        scenario: What is to happen.
        seed: Seed of all chance; what the machine adds of its own is beyond it.
        folder: Where evidence is written, and a ``kubeconfig`` of an administrator; null writes none.
        seen: Told of every bin.
        binaries: Real programs to take as API servers; null takes the lab's own.
        auditing: How the lab's own API servers are audited.

    Raises:
        SnowpitError: If the lab cannot do what the scenario asks for, or an address is taken.
    """
    with TemporaryDirectory(prefix="snowpit-lab-") as spare:
        run = Path(spare)
        lab = _rehearse(
            scenario, seed, folder=folder, run=run, seen=seen, binaries=binaries, auditing=auditing
        )
        return asyncio.run(lab)


async def _rehearse(
    scenario: Scenario,
    seed: int,
    *,
    folder: Path | None,
    run: Path,
    seen: Seen | None,
    binaries: Binaries | None,
    auditing: Auditing,
) -> Run:
    made = authorities((folder or run) / "pki", scenario.servers)
    network = ListeningNetwork(made.folder, contexts(made.folder))
    try:
        stage, servers = await _started(
            replace(staged(scenario, seed, made=made, network=network), auditing=auditing),
            binaries,
            folder=folder,
            run=run,
        )
        if folder is not None:
            _kubeconfig(folder, made.folder)
        return await play(stage, servers, folder=folder, seen=seen, operated=True)
    finally:
        await network.close()


async def _started(
    stage: Stage, binaries: Binaries | None, *, folder: Path | None, run: Path
) -> tuple[Stage, Servers]:
    """The lab as it begins, and its API servers."""
    if binaries is not None:
        real = RealServers(binaries, stage, folder=folder, run=run)
        return await real.start(), real
    own = ServerProcesses(stage, folder=folder, run=run)
    await own.start()
    return stage, own


def staged(scenario: Scenario, seed: int, *, made: Pki, network: Ground) -> Stage:
    """Who takes part, with certificates and token files."""
    casting = Casting(scenario, made.signer(), time.time_ns() // 1000)
    cast = casting.cast()
    for name, who in cast.certificates.items():
        made.client(name, who)
    files(casting, made.folder)
    return Stage(
        scenario=scenario,
        seed=seed,
        casting=casting,
        cast=cast,
        network=network,
        verifier=made.verifier(),
        clock=_clock(lead(scenario.servers)),
        pki=made.folder,
    )


def _clock(lead_s: float) -> Clock:
    """A clock that stands at zero some seconds from now."""
    return Clock(asyncio.get_running_loop().time() + lead_s, time.time_ns() // 1000 + round(lead_s * 1e6))


def authorities(pki: Path, servers: int) -> Pki:
    """Authorities, and certificates of all servers."""
    made = Pki(pki)
    made.create()
    made.server("apiserver", "kube-apiserver", tuple(_host(address(one)) for one in range(servers)))
    made.server(KUBELET, KUBELET, ("127.0.0.1",))
    return made


def contexts(pki: Path) -> Callable[[str], ssl.SSLContext]:
    """What the server of an address shows: all API servers the same, and all kubelets."""
    servers, nodes = server_context(pki, "apiserver"), server_context(pki, KUBELET, CLIENTS[:1])
    return lambda where: nodes if where.endswith(f":{kubelets.PORT}") else servers


def _host(address: str) -> str:
    return address.rpartition(":")[0]


def _kubeconfig(folder: Path, pki: Path) -> None:
    """A file with which kubectl speaks to the first server as an administrator; readable by its owner alone."""
    cluster = {"server": f"https://{address(0)}", "certificate-authority": str(pki.resolve() / "ca.crt")}
    user = {
        "client-certificate": str(pki.resolve() / f"{LAB}.crt"),
        "client-key": str(pki.resolve() / f"{LAB}.key"),
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": LAB, "cluster": cluster}],
        "users": [{"name": LAB, "user": user}],
        "contexts": [{"name": LAB, "context": {"cluster": LAB, "user": LAB}}],
        "current-context": LAB,
    }
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2) + "\n", "utf-8")
