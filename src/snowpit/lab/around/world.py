"""What all that is around the API servers shares."""

from typing import NamedTuple

from snowpit.knowledge.version import Version
from snowpit.lab.around.places import Places
from snowpit.lab.clock import Clock
from snowpit.lab.wire import Network

POPULATION = "x-lab-population"


class World(NamedTuple):
    """What all populations share.

    Args:
        network: Carries requests.
        places: Which server each client uses.
        clock: The lab's clock.
        version: Version of the API servers, for paths.
        seed: Seed of all chance.
        bin_s: Width of a bin, s.
    """

    network: Network
    places: Places
    clock: Clock
    version: Version | None
    seed: int
    bin_s: float
