"""Named calls between the processes of a lab, over a Unix socket that only its owner can open."""

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from snowpit.errors import LabError, SnowpitError

Answer = Callable[..., Awaitable[object]]
LONGEST_PATH = 100
"""Linux takes 107 bytes for the name of a Unix socket."""


async def answer(path: Path, calls: Mapping[str, Answer]) -> web.AppRunner:
    """Answer calls until the runner is cleaned up.

    Args:
        path: Name of the socket; one that is left over from a dead process is replaced.
        calls: What may be called: keyword arguments and results are plain JSON values.

    Raises:
        LabError: If the path is too long for a socket.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise LabError(f"{path} is too long for a Unix socket.", "Choose a shorter folder: --out /tmp/lab.")

    async def take(request: web.Request) -> web.Response:
        call = calls.get(request.match_info["name"])
        if call is None:
            return web.json_response({"error": "this lab does not know that call", "hint": ""}, status=404)
        try:
            return web.json_response({"result": await call(**await request.json())})
        except SnowpitError as error:
            return web.json_response({"error": error.message, "hint": error.hint}, status=400)

    app = web.Application(client_max_size=1 << 28)
    app.router.add_post("/{name}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    path.unlink(missing_ok=True)  # noqa: ASYNC240 - one entry of a folder
    before = os.umask(0o077)
    try:
        await web.UnixSite(runner, str(path)).start()
    finally:
        os.umask(before)
    return runner


async def call(path: Path, name: str, arguments: Mapping[str, object], *, timeout_s: float = 60.0) -> Any:  # noqa: ANN401 - JSON
    """Call a process of a lab and give what it answers.

    Raises:
        LabError: If nobody answers there, or the call was refused.
    """
    limit = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)), timeout=limit) as session,
            session.post(f"http://lab/{name}", json=dict(arguments)) as response,
        ):
            told = json.loads(await response.read())
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise LabError(
            "No lab answers there.", "Start one with snowpit lab run, or name its folder with --dir."
        ) from error
    if "error" in told:
        raise LabError(str(told["error"]), str(told["hint"]))
    return told["result"]
