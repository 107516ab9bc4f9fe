"""How a client asks: own limiter, patience, what it tries again and when; the laws of the simulator's clients.

client-go repeats what was refused with Retry-After in an inner loop; around it lies an outer law of back-off.
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import isinf
from random import Random
from typing import NamedTuple

from snowpit.cluster.workload import Retry
from snowpit.lab.around.tally import Tally
from snowpit.lab.clock import Clock
from snowpit.lab.storage.latency import pause
from snowpit.lab.wire import LostError, Response
from snowpit.mechanism import backoff, circuit_breaker, retry_budget, token_bucket

Send = Callable[[], Awaitable[Response]]
ENDS = {429: "rejected", 504: "timed_out", 401: "unauthorized"}
REJECTED, TIMED_OUT, ABANDONED, RESET, FAILED = "rejected", "timed_out", "abandoned", "reset", "failed"
GOOD_BELOW = 400
MOST_BUDGET = 10.0


class Outcome(NamedTuple):
    """What became of one attempt.

    Args:
        end: How it ended; empty if well.
        response: The answer; null if none came.
        waited: Wait at the client's own limiter before, s.
        seconds: From its start to its end, s.
    """

    end: str
    response: Response | None
    waited: float
    seconds: float


Heard = Callable[[Outcome], None]


class Limiter:
    """A client's own token bucket.

    Args:
        qps: Tokens per second; 0 for no limit.
        burst: Most tokens.
    """

    def __init__(self, qps: float, burst: float) -> None:
        self._qps, self._burst = qps, burst
        self._bucket: token_bucket.Bucket | None = None

    async def take(self) -> float:
        """Take a token and wait until it may be used: for how long, s."""
        if self._qps <= 0.0:
            return 0.0
        now = asyncio.get_running_loop().time()
        bucket = self._bucket or token_bucket.full(self._burst, now)
        self._bucket, wait = token_bucket.reserve(bucket, self._qps, self._burst, now)
        await pause(wait)
        return wait


class Caller:
    """One client.

    Args:
        retry: What it tries again.
        patience: Draws how long it waits for an attempt, s.
        limiter: Its own limiter.
        tally: Counts what happens.
        clock: The lab's clock.
        chance: Draws jitter.
        heard: Told of every attempt; null if nobody listens.
    """

    def __init__(
        self,
        retry: Retry,
        patience: Callable[[], float],
        limiter: Limiter,
        *,
        tally: Tally,
        clock: Clock,
        chance: Random,
        heard: Heard | None = None,
    ) -> None:
        self.retry, self.patience, self.limiter = retry, patience, limiter
        self._tally, self._clock, self._chance, self._heard = tally, clock, chance, heard
        self._law = backoff.Law(retry.steps, retry.base_s, retry.factor, retry.jitter, retry.cap_s)
        self._budget = MOST_BUDGET
        self._breaker = circuit_breaker.FRESH

    async def call(self, send: Send) -> Response | None:
        """One call with all its attempts: the good answer, or null if it was given up."""
        begun = self._clock.now()
        self._tally.add("calls")
        inner = failures = 0
        while True:
            end, response = await self._attempt(send, begun)
            if response is not None and not end:
                self._succeeded(begun)
                return response
            wait = backoff.GIVE_UP
            if end == REJECTED:
                inner += 1
                wait = self._within(
                    backoff.retry_after(_told(response), inner, self.retry.inner_tries), begun
                )
            if wait < 0.0:
                failures, inner = failures + 1, 0
                wait = self._again(end, failures, begun)
            if wait < 0.0:
                self._tally.add("failed")
                return None
            await asyncio.sleep(wait)

    async def _attempt(self, send: Send, begun: float) -> tuple[str, Response | None]:
        """One attempt: how it ended (empty if well), and its answer."""
        waited = await self.limiter.take()
        if not self._may():
            return RESET, None
        self._tally.add("attempts")
        begin = self._clock.now()
        end, response = await self._sent(send, begun)
        if self._heard is not None:
            self._heard(Outcome(end, response, waited, self._clock.now() - begin))
        return end, response

    async def _sent(self, send: Send, begun: float) -> tuple[str, Response | None]:
        limit = min(self.patience(), begun + self.retry.bound_s - self._clock.now())
        try:
            if isinf(limit):
                response = await send()
            else:
                async with asyncio.timeout(limit):
                    response = await send()
        except TimeoutError:
            self._tally.add("timeouts")
            return ABANDONED, None
        except LostError:
            return RESET, None
        end = ENDS.get(response.status, "" if response.status < GOOD_BELOW else FAILED)
        if end == REJECTED:
            self._tally.add("refusals")
        elif end == TIMED_OUT:
            self._tally.add("timeouts")
        return end, response

    def _may(self) -> bool:
        if self.retry.breaker_failures <= 0:
            return True
        now = self._clock.now()
        self._breaker, may = circuit_breaker.ask(self._breaker, self.retry.breaker_rest_s, now)
        return may

    def _succeeded(self, begun: float) -> None:
        self._tally.add("goodput")
        self._tally.add("sojourn_s", self._clock.now() - begun)
        if self.retry.budget_share >= 0.0:
            self._budget = retry_budget.earn(self._budget, self.retry.budget_share, MOST_BUDGET)
        if self.retry.breaker_failures > 0:
            self._breaker = circuit_breaker.succeeded(self._breaker)

    def _again(self, end: str, failures: int, begun: float) -> float:
        """Seconds to the next outer try; negative if there is none."""
        if self.retry.breaker_failures > 0:
            now = self._clock.now()
            self._breaker = circuit_breaker.failed(self._breaker, self.retry.breaker_failures, now)
        if end not in self.retry.on:
            return backoff.GIVE_UP
        u = self._chance.random() if self.retry.jitter > 0.0 else 0.0
        wait = self._within(backoff.delay(self._law, failures, u), begun)
        if wait < 0.0 or self.retry.budget_share < 0.0:
            return wait
        self._budget, may = retry_budget.spend(self._budget)
        return wait if may else backoff.GIVE_UP

    def _within(self, wait: float, begun: float) -> float:
        """A wait that ends before the call's bound; else none."""
        late = wait < 0.0 or self._clock.now() + wait >= begun + self.retry.bound_s
        return backoff.GIVE_UP if late else wait


def _told(response: Response | None) -> float:
    """Retry-After of an answer, s; negative without one."""
    value = "" if response is None else response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else -1.0
