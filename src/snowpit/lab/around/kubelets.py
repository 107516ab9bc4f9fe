"""Kubelets: each serves its metrics on an address of its own, to those whom the API server knows and lets in.

Nothing is served to others, ``/healthz`` neither. Source: kubernetes pkg/kubelet/server/{auth,server}.go 1.12.0 to 1.28.0.
"""

from collections.abc import Callable

from snowpit.cluster.workload import Kubelets
from snowpit.knowledge.version import Version
from snowpit.lab.around.component_log import ComponentLog
from snowpit.lab.around.kubelet_answers import TEXT, answer, wanted
from snowpit.lab.around.kubelet_log import KubeletLog, in_words
from snowpit.lab.around.kubelet_metrics import KubeletMetrics
from snowpit.lab.around.kubelet_reviews import Reviews, Tallies
from snowpit.lab.around.world import World
from snowpit.lab.evidence.metrics.exposition import Families
from snowpit.lab.exchange import User
from snowpit.lab.wire import Credential, Request, Response

PORT = 10250
NEWEST = Version(1, 34, 0)


def address(node: int) -> str:
    """Where a kubelet listens.

    >>> address(0), address(300)
    ('127.16.0.1:10250', '127.16.1.51:10250')
    """
    return f"127.{16 + node // 62_500}.{node // 250 % 250}.{node % 250 + 1}:{PORT}"


def release(laws: Kubelets, world: World) -> Version:
    """The kubelets' version: as their user agent tells it, else the control plane's.

    >>> from snowpit.cluster.by_version import kubelets_of
    >>> str(release(kubelets_of(Version(1, 13, 5)), None))
    '1.13.5'
    """
    _, slash, told = laws.user_agent.partition(" ")[0].partition("/v")
    return Version.parse(told) if slash else world.version or NEWEST


class Kubelet:
    """One kubelet.

    Args:
        node: Its number.
        laws: Caches, retries and limits of its version.
        world: What it shares with others.
        credential: What it shows to the API server.
        tallies: Where its reviews are counted.
        api: Version of the review API that it uses.
        log: Its log; null writes none.
    """

    def __init__(
        self,
        node: int,
        laws: Kubelets,
        world: World,
        *,
        credential: Credential,
        tallies: Tallies,
        api: str,
        log: ComponentLog | None = None,
    ) -> None:
        self._node, self._laws, self._clock = f"node-{node}", laws, world.clock
        self.version = version = release(laws, world)
        stage = "[ALPHA] " if version.at_least("1.16.0") else ""
        self.metrics = KubeletMetrics(
            Families(stage, world.clock.now, "kubelet"), version, self._node, world.clock.stamp() / 1e6
        )
        self.log = KubeletLog(log or ComponentLog(None, world.clock), version, self._node)
        self._reviews = Reviews(
            node,
            laws,
            world,
            credential=credential,
            tallies=tallies,
            api=api,
            version=version,
            log=self.log,
            metrics=self.metrics,
        )

    @property
    def warm(self) -> Callable[..., None]:
        """Fill the caches; see ``Reviews.warm``."""
        return self._reviews.warm

    async def handle(self, request: Request) -> Response:
        """Answer a scrape."""
        begun = self._clock.now()
        response = await self._answered(request)
        self.metrics.served(request.method, request.path, self._clock.now() - begun)
        return response

    async def _answered(self, request: Request) -> Response:
        user, why = await self._reviews.who(request)
        if user is None:
            if why:
                self.log.unauthenticated(why)
            return Response(401, TEXT, b"Unauthorized")
        refused = await self._refused(request, user) if self._laws.authorizes else None
        if refused is not None:
            return refused
        if request.method != "GET":
            return Response(405, TEXT, b"405: Method Not Allowed")
        metrics = self.metrics.text() if request.path.rstrip("/") == "/metrics" else b""
        return answer(request.path, self._node, metrics)

    async def _refused(self, request: Request, user: User) -> Response | None:
        """The answer to a caller who may not have it, or of whom that cannot be found out."""
        verb, subresource = wanted(request)
        may, why = await self._reviews.may(request, user, verb, subresource)
        if may:
            return None
        what = {"user": user.name, "verb": verb, "resource": "nodes", "subresource": subresource}
        if may is None:
            self.log.undecided(what, why)
            return Response(500, TEXT, f"Authorization error {in_words(what)}".encode())
        self.log.forbidden(what)
        return Response(403, TEXT, f"Forbidden {in_words(what)}".encode())
