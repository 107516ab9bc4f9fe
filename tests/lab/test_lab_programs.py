"""Programs as children of a lab: found, asked for their version, started, awaited, stopped."""

import asyncio
import os
from pathlib import Path

import pytest

from snowpit.errors import LabError
from snowpit.lab.real import binaries
from snowpit.lab.real.program import Program


def executable(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_binaries_are_found_by_path_or_in_a_folder(tmp_path: Path) -> None:
    for name in binaries.NAMES:
        executable(tmp_path / name, "true")
    assert binaries.find(assets=str(tmp_path)) == (tmp_path / "kube-apiserver", tmp_path / "etcd")
    other = executable(tmp_path / "other", "true")
    assert binaries.find(str(other), assets=str(tmp_path)) == (other, tmp_path / "etcd")
    with pytest.raises(LabError, match="no etcd"):
        binaries.find(str(other))
    with pytest.raises(LabError, match="no program"):
        binaries.find(str(tmp_path), str(other))


@pytest.mark.parametrize("told", ["Kubernetes v1.13.5", "Kubernetes v1.28.3-alpha.1+abc"])
def test_a_binary_tells_its_version(tmp_path: Path, told: str) -> None:
    program = executable(tmp_path / "kube-apiserver", f"echo {told}")
    found = asyncio.run(binaries.identify(program, program))
    assert str(found.version) in told


def test_a_program_that_tells_no_version_is_no_apiserver(tmp_path: Path) -> None:
    program = executable(tmp_path / "kube-apiserver", "echo hello")
    with pytest.raises(LabError, match="does not say"):
        asyncio.run(binaries.identify(program, program))


def test_a_program_is_started_awaited_and_stopped(tmp_path: Path) -> None:
    async def main() -> None:
        flag = tmp_path / "ready"
        words = ["/bin/sh", "-c", f"touch {flag}; exec sleep 60"]
        program = Program("sleeper", words, tmp_path / "log")
        await program.start()

        async def probe() -> bool:
            return flag.exists()

        await program.ready(probe, within_s=10)
        assert program.runs
        await program.stop()
        assert not program.runs

    asyncio.run(main())


def test_a_program_that_ends_says_why(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    async def main() -> None:
        program = Program("etcd", ["/bin/sh", "-c", "echo no such flag: --x; exit 2"], tmp_path / "log")
        await program.start()
        with pytest.raises(LabError, match=r"etcd ended by itself.*no such flag"):
            await program.ready(never, within_s=10)

    asyncio.run(main())


def test_a_program_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cannot be started"):
        asyncio.run(Program("etcd", [os.fspath(tmp_path / "none")], tmp_path / "log").start())
