"""Finding real binaries, and asking them which version they are."""

import asyncio
import os
from pathlib import Path
from typing import NamedTuple

from snowpit.errors import FactError, LabError
from snowpit.knowledge.version import Version

ASSETS = "KUBEBUILDER_ASSETS"
"""Folder that holds ``kube-apiserver`` and ``etcd``, as controller-runtime's envtest and setup-envtest name it."""

NAMES = ("kube-apiserver", "etcd")
WITHIN_S = 30.0
_HINT = f"Give --kube-apiserver and --etcd, or set {ASSETS} to a folder that holds both (setup-envtest makes one)."


class Binaries(NamedTuple):
    """Real programs.

    Args:
        apiserver: kube-apiserver.
        etcd: etcd.
        version: Version of kube-apiserver.
    """

    apiserver: Path
    etcd: Path
    version: Version


def find(apiserver: str = "", etcd: str = "", *, assets: str = "") -> tuple[Path, Path]:
    """Paths of both programs.

    Args:
        apiserver: Path given by the user; empty to look into a folder of both.
        etcd: Likewise.
        assets: That folder; empty for none.

    Raises:
        LabError: If one is not to be had, or is no program.
    """
    return _program(apiserver, assets, NAMES[0]), _program(etcd, assets, NAMES[1])


def _program(given: str, assets: str, name: str) -> Path:
    if not given and not assets:
        raise LabError(f"There is no {name} to start.", _HINT)
    path = Path(given) if given else Path(assets) / name
    if not os.access(path, os.X_OK) or path.is_dir():
        raise LabError(f"{path} is no program that can be started.", _HINT)
    return path.resolve()


async def identify(apiserver: Path, etcd: Path) -> Binaries:
    """Ask kube-apiserver for its version.

    Raises:
        LabError: If it does not say one.
    """
    process = await asyncio.create_subprocess_exec(
        apiserver, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        told, _ = await asyncio.wait_for(process.communicate(), WITHIN_S)
        version = Version.parse(told.decode("utf-8", "replace").split()[-1])
    except (TimeoutError, FactError, IndexError) as error:
        raise LabError(
            f"{apiserver} does not say which version of kube-apiserver it is.", "Run it with --version."
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
    return Binaries(apiserver, etcd, version)
