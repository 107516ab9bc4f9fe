"""A lab that is about to begin: who takes part, where, and what lies ready for them."""

from dataclasses import dataclass
from pathlib import Path

from snowpit.cluster.scenario import Scenario
from snowpit.lab.api import fairness
from snowpit.lab.around.cast import Cast
from snowpit.lab.authority import Verifier
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.casting import Casting, Item
from snowpit.lab.conduct.parties import Ground
from snowpit.lab.setup import PLAIN, Auditing
from snowpit.lab.storage import Store
from snowpit.lab.storage.latency import latency

PORT = 6443


def address(server: int) -> str:
    """Where a server listens."""
    return f"127.0.0.{server + 1}:{PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A lab that is about to begin.

    Args:
        scenario: What is to happen.
        seed: Seed of all chance.
        casting: Who takes part, and what has to be there for them.
        cast: What each shows.
        network: Carries requests, and holds servers.
        verifier: Checks ServiceAccount tokens.
        clock: The lab's clock.
        pki: Folder of certificates and token files.
        auditing: How the API servers are audited.
    """

    scenario: Scenario
    seed: int
    casting: Casting
    cast: Cast
    network: Ground
    verifier: Verifier
    clock: Clock
    pki: Path
    auditing: Auditing = PLAIN


def items(stage: Stage) -> list[Item]:
    """Resource and object of all that a store of the lab's own begins with."""
    plane = stage.scenario.plane
    return [*stage.casting.items, *fairness.objects(plane.version, stage.scenario.levels)]


def stocked(stage: Stage) -> Store:
    """A store in memory that holds what the lab begins with."""
    store = Store(":memory:", stage.clock, latency=latency(stage.scenario.plane, stage.seed, "store"))
    store.load(items(stage), stamp=stage.clock.epoch)
    return store


def files(casting: Casting, pki: Path) -> Path:
    """Token files of a lab, readable by their owner alone."""
    pki.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, lines in (
        ("tokens.csv", casting.token_file),
        ("basic.csv", casting.passwords),
        ("webhook.csv", casting.webhook),
    ):
        path = pki / name
        path.touch(mode=0o600)
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return pki
