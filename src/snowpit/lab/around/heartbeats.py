"""What kubelets note of requests that a population sends in their name: heartbeats that fail stand in their logs."""

from collections.abc import Sequence
from math import isinf

from snowpit.cluster.workload import Clients
from snowpit.lab.around.asks import LEASES, Ask
from snowpit.lab.around.attempts import Attempt, error
from snowpit.lab.around.caller import Outcome
from snowpit.lab.around.kubelets import Kubelet
from snowpit.lab.around.world import World

NODE = "system:node:node-"


def of_kubelets(one: Clients) -> bool:
    """Whether the clients of a population are kubelets."""
    return one.user.startswith(NODE)


class Heartbeats:
    """The kubelets' side of a population; implements ``population.Listener``.

    Args:
        one: What the population does.
        kubelets: All kubelets; clients beyond them are not noted.
        world: What all share.
    """

    def __init__(self, one: Clients, kubelets: Sequence[Kubelet], world: World) -> None:
        self._kubelets, self._world = kubelets, world
        asked = one.operation
        self._leases = asked.resource == "leases" and asked.namespace == LEASES
        self._status = asked.resource == "nodes" and asked.subresource == "status"
        self._limit_s = 0.0 if isinf(one.patience.mean_s) else one.patience.mean_s

    def attempted(self, client: int, asked: Ask, outcome: Outcome) -> None:
        """Count an attempt, and note it if it failed."""
        if client >= len(self._kubelets):
            return
        kubelet = self._kubelets[client]
        attempt = Attempt(asked, self._world.places.address(client), outcome)
        kubelet.metrics.attempted(attempt)
        if not outcome.end or not (self._leases or self._status):
            return
        why = error(attempt, kubelet.version, limit_s=self._limit_s)
        if self._leases:
            kubelet.log.lease_failed(why)
        else:
            moment = self._world.clock.moment().strftime("%Y-%m-%dT%H:%M:%SZ")
            kubelet.log.status_failed(why, moment)

    def given_up(self, client: int) -> None:
        """Note that all attempts of a heartbeat failed."""
        if self._status and client < len(self._kubelets):
            self._kubelets[client].log.status_given_up()
