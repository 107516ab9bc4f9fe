"""Time limits: an answer that comes in time, or another one while the work goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from math import isinf

from snowpit.lab.wire import Response


async def within(
    work: "Coroutine[object, object, Response]", limit_s: float, gone: asyncio.Event | None = None
) -> "Response | asyncio.Task[Response]":
    """What work gives, or the task that still does it when its time is over or its client has left.

    Args:
        work: The work; it is never cancelled.
        limit_s: Time limit, s; infinity for none.
        gone: Set when the client leaves, where that frees anything; null where it does not.
    """
    if isinf(limit_s) and gone is None:
        return await work
    task = asyncio.ensure_future(work)
    waiting: set[asyncio.Future[object]] = {task}  # type: ignore[arg-type]
    leaving = None if gone is None else asyncio.ensure_future(gone.wait())
    if leaving is not None:
        waiting.add(leaving)  # type: ignore[arg-type]
    await asyncio.wait(
        waiting, timeout=None if isinf(limit_s) else limit_s, return_when=asyncio.FIRST_COMPLETED
    )
    if leaving is not None:
        leaving.cancel()
    if task.done():
        return task.result()
    task.add_done_callback(_seen)
    return task


async def ending(stream: AsyncIterator[bytes], then: Callable[[], None]) -> AsyncIterator[bytes]:
    """A stream that calls a function when it ends, however that comes."""
    try:
        async for chunk in stream:
            yield chunk
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
        then()


def _seen(task: "asyncio.Task[Response]") -> None:
    """What goes on after the answer may fail; nobody is left to be told."""
    if not task.cancelled():
        task.exception()
