"""Stand-ins for real binaries: a kube-apiserver of the lab's own that takes the real flags, and an etcd that is only healthy."""

import asyncio
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from snowpit.cluster.change import apply
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.lab.api import bootstrap, fairness
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.process import Post, serve
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store

LIMITS = ("max-requests-inflight", "max-mutating-requests-inflight")
_SCRIPT = """#!{python}
import sys
sys.path.insert(0, {tests!r})
from support import stand_in
sys.exit(stand_in.{function}({arguments!r}, sys.argv[1:]))
"""


def assets(folder: Path, version: str = "1.13.5") -> Path:
    """A folder with both programs, as KUBEBUILDER_ASSETS names one."""
    folder.mkdir(exist_ok=True)
    tests = str(Path(__file__).resolve().parents[1])
    for name, function in (("kube-apiserver", "apiserver"), ("etcd", "etcd")):
        text = _SCRIPT.format(python=sys.executable, tests=tests, function=function, arguments=version)
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o755)
    return folder


def _flags(words: list[str]) -> dict[str, str]:
    return {word.partition("=")[0].removeprefix("--"): word.partition("=")[2] for word in words}


def apiserver(version: str, words: list[str]) -> int:
    """Serve by the lab's own server, set up by nothing but the flags of a real one."""
    if words == ["--version"]:
        sys.stdout.write(f"Kubernetes v{version}\n")
        return 0
    sys.stderr.write(f"started with {' '.join(words)}\n")
    flags = _flags(words)
    asyncio.run(_serve(_scenario(version, flags), flags))
    return 0


def _scenario(version: str, flags: dict[str, str]) -> Scenario:
    scenario = apply(load("healthy-1.12"), "version", version)
    for limit in LIMITS:
        scenario = apply(scenario, limit.replace("-", "_"), int(flags[limit]))
    return scenario


async def _serve(scenario: Scenario, flags: dict[str, str]) -> None:
    pki = Path(flags["tls-cert-file"]).parent
    origin, epoch = time.monotonic(), time.time_ns() // 1000
    store = Store(str(pki / "store.db"), Clock(origin, epoch))
    version = scenario.plane.version
    store.load([*bootstrap.objects(version), *fairness.objects(version, scenario.levels)], stamp=epoch)
    store.close()
    setup = ServerSetup(
        name="apiserver-0",
        address=f"{flags['bind-address']}:{flags['secure-port']}",
        plane=scenario.plane,
        levels=scenario.levels,
        pki=pki,
        store=str(pki / "store.db"),
        evidence=Path(flags["audit-log-path"]).parent,
        epoch=epoch,
    )
    with tempfile.TemporaryDirectory(prefix="snowpit-test-") as place:
        await serve(Post(setup=setup, origin=origin, control=Path(place) / "sock"))


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Say that all is well."""
        body = b'{"health":"true"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def etcd(_version: str, words: list[str]) -> int:
    """Answer /health, and nothing else."""
    port = int(_flags(words)["listen-client-urls"].rpartition(":")[2])
    HTTPServer(("127.0.0.1", port), _Health).serve_forever()
    return 0
