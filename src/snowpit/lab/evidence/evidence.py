"""All evidence of one server: hears what happens and hands it to audit log, metrics and component log."""

from pathlib import Path
from random import Random

from snowpit.errors import LabError
from snowpit.knowledge.version import Version
from snowpit.lab.api.resources import Resource
from snowpit.lab.clock import Clock
from snowpit.lab.evidence.audit import STARTED, Audit, RotatedLog
from snowpit.lab.evidence.klog import Klog
from snowpit.lab.evidence.metrics import Metrics
from snowpit.lab.evidence.policy import Policy
from snowpit.lab.evidence.webhook import Webhook
from snowpit.lab.exchange import Exchange
from snowpit.lab.inside import Inside
from snowpit.lab.setup import ServerSetup
from snowpit.lab.wire import Network, Response

POLICY = "audit-policy.yaml"
LOGGED_S = 0.05
"""client-go logs waits above this."""


class Evidence:
    """A witness that writes.

    Args:
        setup: The server; its folder of evidence gets ``audit.log`` and ``apiserver.log``.
        clock: The lab's clock.
        network: Carries batches of audit events, where the server has a webhook for them.

    Raises:
        LabError: If the version is unknown, or the policy is none.
    """

    def __init__(self, setup: ServerSetup, clock: Clock, network: Network | None = None) -> None:
        version = setup.plane.version
        if version is None or setup.evidence is None:
            raise LabError("Evidence needs a version and a folder.", "Give control_plane.version.")
        setup.evidence.mkdir(parents=True, exist_ok=True)
        policy = (
            Policy.load(setup.audit_policy) if setup.audit_policy else default_policy(setup.evidence, version)
        )
        self._klog = Klog(setup, setup.evidence / "apiserver.log", clock)
        self._webhook = None if network is None else self._hook(setup, network, clock, version)
        log = RotatedLog(setup.evidence / "audit.log", clock)
        self._audit = Audit(policy, log, clock, version, webhook=self._webhook)
        self._metrics = Metrics(setup, clock)

    def _hook(self, setup: ServerSetup, network: Network, clock: Clock, version: Version) -> Webhook | None:
        """The audit webhook, if the server has one."""
        if setup.audit_webhook is None:
            return None
        chance = Random(f"{setup.seed}:{setup.name}:audit")  # noqa: S311 - a simulation
        return Webhook(
            setup.audit_webhook, network, clock, version=version, chance=chance, failed=self._klog.audit_lost
        )

    def expose(self, inside: Inside) -> bytes:
        """The text of /metrics."""
        lost = {} if self._webhook is None else self._webhook.lost
        self._metrics.audited(self._audit.written, self._audit.rejected, self._audit.levels, lost=lost)
        return self._metrics.expose(inside)

    def flush(self) -> None:
        """Hand over to the system what is buffered."""
        self._audit.flush()
        self._klog.flush()

    async def drain(self) -> None:
        """Send what audit events are left, as a server does that ends in order."""
        if self._webhook is not None:
            await self._webhook.close()

    def close(self) -> None:
        """Close all files; audit events that have not been sent are lost, as with a server that is killed."""
        if self._webhook is not None:
            self._webhook.drop()
        self._audit.close()
        self._klog.close()

    def authenticated(self, exchange: Exchange, result: str, seconds: float, message: str) -> None:
        """A request passed the chain."""
        self._metrics.authenticated(exchange, result, seconds)
        if message:
            self._klog.unauthenticated(message)

    def authorized(self, exchange: Exchange) -> None:
        """It was allowed or not."""
        self._metrics.authorized(exchange)

    def admitted(self, exchange: Exchange, taken: int) -> None:
        """It got its seat."""
        self._metrics.admitted(exchange, taken)

    def dropped(self, exchange: Exchange, reason: str) -> None:
        """The gate refused it."""
        self._metrics.dropped(exchange, reason)

    def began(self, exchange: Exchange, stage: str) -> None:
        """An audit stage before the end is reached."""
        self._audit.began(exchange, stage)
        if stage == STARTED:
            self._metrics.opened(exchange)

    def answered(self, exchange: Exchange, response: Response) -> None:
        """It is answered inside."""
        self._audit.answered(exchange, response)
        self._metrics.answered(exchange, response)
        self._klog.traced(exchange, response)

    def sent(self, exchange: Exchange, response: Response) -> None:
        """The client got its answer."""
        self._klog.accessed(exchange, response)

    def freed(self, exchange: Exchange, taken: int) -> None:
        """It gave its seat back."""
        self._metrics.freed(exchange, taken)

    def terminated(self, exchange: Exchange, source: str) -> None:
        """It was cut off."""
        self._metrics.terminated(exchange, source)

    def late(self, exchange: Exchange, response: Response) -> None:  # noqa: ARG002 - counted alike
        """The work on it ended after it had been cut off."""
        self._metrics.finished_late(response)

    def cache(self, hit: bool) -> None:  # noqa: FBT001 - one fact
        """The token cache was asked."""
        self._metrics.cache(hit=hit)

    def fetched(self, ok: bool, seconds: float) -> None:  # noqa: FBT001
        """A look-up ended."""
        self._metrics.fetched(seconds, ok=ok)

    def validated(self, legacy: bool) -> None:  # noqa: FBT001
        """A ServiceAccount token was found good."""
        self._metrics.validated(legacy=legacy)

    def paced(self, verb: str, url: str, waited: float) -> None:
        """The loopback client passed its limiter."""
        self._metrics.paced(verb, url, waited)
        if waited > LOGGED_S:
            self._klog.throttled(verb, url, waited)

    def looped(self, verb: str, url: str, code: int, seconds: float) -> None:
        """The loopback client was answered."""
        self._metrics.looped(verb, url, code, seconds)

    def stored(self, operation: str, resource: Resource, seconds: float) -> None:
        """The store did something."""
        self._metrics.stored(operation, resource, seconds)

    def missed(self, namespace: str, secret: str, account: str, message: str) -> None:
        """The Secret of a token could not be read."""
        self._klog.missed(namespace, secret, account, message)


def default_policy(folder: Path, version: Version) -> Policy:
    """The lab's own policy, written beside the log: what the founding investigation needs and no token.

    Reviews at level Metadata with both stages, so that hung ones are seen; the server's own look-ups; everything else when it
    is over.
    """
    api = "audit.k8s.io/v1" if version.at_least("1.12.0") else "audit.k8s.io/v1beta1"
    text = f"""apiVersion: {api}
kind: Policy
rules:
# both stages: reviews that hang are seen before they end
- level: Metadata
  resources:
  - {{group: authentication.k8s.io, resources: [tokenreviews]}}
# everything else, the server's own look-ups of Secrets and ServiceAccounts included
- level: Metadata
  omitStages: [RequestReceived]
"""
    path = folder / POLICY
    path.write_text(text, "utf-8")
    return Policy.load(path)
