"""The audit webhook of one server: events are gathered into batches, and each batch is sent to a collector.

Theory of operation. Batch mode: an event goes into a buffer; one that finds it full is lost and counted. One task takes up to
``size`` events, or what came within ``wait_s``, passes the throttle, and leaves the sending to a task of its own, so a slow
collector does not hold up the next batch. Blocking mode: each event is sent alone at once, and its request waits for that.
A batch that cannot be sent is tried five times in all, then lost and counted; to 1.16 only what may pass (429, 500, 504, a
connection that was reset) is tried again.
Source: kubernetes/apiserver plugin/pkg/audit/{buffered,webhook} and pkg/audit/metrics.go 1.12.4 to 1.28.0.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from random import Random

from snowpit.knowledge.version import Version
from snowpit.lab.clock import Clock
from snowpit.lab.setup import AuditWebhook
from snowpit.lab.storage.latency import pause
from snowpit.lab.wire import LostError, Network
from snowpit.mechanism import backoff, token_bucket

BUFFERED, WEBHOOK = "buffered", "webhook"
"""Plugins, as ``apiserver_audit_error_total`` names them."""

TIMEOUT_S = 30.0
LAST_S = 2.0
"""The same for a server that ends: its collector may have left open connections without answering on them."""

GOOD = range(200, 300)
PASSING = (429, 500, 504)
JSON = {"content-type": "application/json"}


Failed = Callable[[str, str, int], None]


def _nobody(_plugin: str, _why: str, _events: int) -> None:
    """Nobody is told."""


class Webhook:
    """The webhook; ``close`` it at the end.

    Args:
        hook: Its flags.
        network: Carries batches.
        clock: The lab's clock.
        version: The server's.
        chance: Draws jitter.
        failed: Told of lost events: the plugin, why, and how many.
    """

    def __init__(
        self,
        hook: AuditWebhook,
        network: Network,
        clock: Clock,
        *,
        version: Version,
        chance: Random,
        failed: Failed = _nobody,
    ) -> None:
        self._failed = failed
        self._hook, self._network, self._clock, self._chance = hook, network, clock, chance
        self._law = backoff.Law(5, hook.backoff_s, 1.5, 0.2, float("inf"))
        self._stubborn = version.at_least("1.17.0")
        api = "v1" if version.at_least("1.13.0") else "v1beta1"
        self._head = (
            b'{"kind":"EventList","apiVersion":"audit.k8s.io/' + api.encode() + b'","metadata":{},"items":['
        )
        self._buffer: deque[bytes] = deque()
        self._batch: list[bytes] = []
        self._came = asyncio.Event()
        self._bucket = token_bucket.full(hook.burst, clock.now())
        self._sending: set[asyncio.Task[None]] = set()
        self._gathering = asyncio.ensure_future(self._gather()) if hook.mode == "batch" else None
        self.lost: Counter[str] = Counter()

    def offer(self, event: bytes) -> "asyncio.Task[None] | None":
        """Take an event.

        Args:
            event: Its JSON.

        Returns:
            In blocking mode the task that sends it; else null.
        """
        if self._hook.mode != "batch":
            return self._spawn([event])
        if len(self._buffer) >= self._hook.buffer:
            self._lose(BUFFERED, "audit buffer queue blocked", 1)
            return None
        self._buffer.append(event)
        self._came.set()
        return None

    def drop(self) -> None:
        """End as a killed server does: what has not been sent stays unsent."""
        if self._gathering is not None:
            self._gathering.cancel()
        for task in self._sending:
            task.cancel()

    async def close(self) -> None:
        """Send what is left, each batch once, or twice where a connection was stale, and end."""
        self.drop()
        await asyncio.gather(*self._sending, return_exceptions=True)
        self._buffer.extendleft(reversed(self._batch))
        while self._buffer:
            batch = [self._buffer.popleft() for _ in range(min(self._hook.size, len(self._buffer)))]
            status = await self._try(batch, LAST_S) or await self._try(batch, LAST_S)
            if status not in GOOD:
                self._lose(WEBHOOK, self._why(status), len(batch))

    async def _gather(self) -> None:
        while True:
            until = self._clock.now() + self._hook.wait_s
            while self._fill() and await self._came_within(until - self._clock.now()):
                pass
            if self._batch:
                await self._throttle()
                batch, self._batch = self._batch, []
                self._spawn(batch)

    def _fill(self) -> bool:
        """Move events from the buffer into the batch; whether it can take more."""
        while self._buffer and len(self._batch) < self._hook.size:
            self._batch.append(self._buffer.popleft())
        return len(self._batch) < self._hook.size

    async def _came_within(self, seconds: float) -> bool:
        """Whether an event comes in time."""
        self._came.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._came.wait()
        except TimeoutError:
            return False
        return True

    async def _throttle(self) -> None:
        now = self._clock.now()
        self._bucket, wait = token_bucket.reserve(self._bucket, self._hook.qps, self._hook.burst, now)
        await pause(wait)

    def _spawn(self, batch: list[bytes]) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(self._send(batch))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return task

    async def _send(self, batch: list[bytes]) -> None:
        """Send a batch, again and again if need be; what is not sent when that is cut short goes back."""
        try:
            await self._sent(batch)
        except asyncio.CancelledError:
            self._buffer.extendleft(reversed(batch))
            raise

    async def _sent(self, batch: list[bytes]) -> None:
        failures = 0
        while True:
            status = await self._try(batch)
            failures += 1
            if status in GOOD:
                return
            wait = backoff.delay(self._law, failures, self._chance.random())
            if wait < 0.0 or not (self._stubborn or status in PASSING or status == 0):
                self._lose(WEBHOOK, self._why(status), len(batch))
                return
            await asyncio.sleep(wait)

    def _lose(self, plugin: str, why: str, events: int) -> None:
        self.lost[plugin] += events
        self._failed(plugin, why, events)

    def _why(self, status: int) -> str:
        """The error of a batch that could not be sent."""
        if status:
            return f"the server responded with the status code {status} but did not return more information"
        return f"Post https://{self._hook.address}{self._hook.path}: dial tcp {self._hook.address}: connect: connection refused"

    async def _try(self, batch: list[bytes], limit_s: float = TIMEOUT_S) -> int:
        """Status of one POST; 0 if no answer came."""
        body = self._head + b",".join(batch) + b"]}\n"
        target = f"{self._hook.path}?timeout={TIMEOUT_S:.0f}s"
        try:
            async with asyncio.timeout(limit_s):
                response = await self._network.send(
                    self._hook.address, "POST", target, headers=JSON, body=body
                )
        except (TimeoutError, LostError):
            return 0
        return response.status
