"""Access lines and traces of the component log, as each release writes them and as a real server wrote them."""

import asyncio
import gzip
import re
from pathlib import Path

import pytest

from snowpit.ingest import read
from snowpit.lab import virtual
from snowpit.lab.wire import Certificate, Credential
from snowpit.store import Tables
from support.lab_server import ADDRESS, Bench
from support.shared import shared_data

VERSIONS = ["1.12.4", "1.13.5", "1.16.0", "1.18.0", "1.19.0", "1.22.0", "1.24.0", "1.28.0", "1.34.0"]
STEPS = ["About to convert to expected version", "Conversion done", "About to store object in database"]
STORED = "Object stored in database"
SLOW = 400.0


def log(version: str, folder: Path, *, timed_out: bool = False) -> str:
    """The log of a server that was slow to answer a write and a read, or did not answer the write in time."""

    async def main() -> None:
        bench = Bench(version, folder=folder)
        bench.network.certificates["node"] = Certificate("system:node:n0", ("system:nodes",), "kubernetes")
        bench.server.slow(1e5 if timed_out else SLOW)
        body = b'{"apiVersion":"v1","kind":"Node","metadata":{"name":"n0"}}'
        headers = {"content-type": "application/json", "user-agent": "kubelet/v1 (linux/amd64)"}
        node = Credential(certificate="node")
        created = await bench.network.send(
            ADDRESS, "POST", "/api/v1/nodes", credential=node, headers=headers, body=body
        )
        assert created.status == (504 if timed_out else 201)
        if not timed_out:
            await bench.network.send(ADDRESS, "GET", "/api/v1/nodes/n0", credential=node, headers=headers)
        await asyncio.sleep(1.0)
        bench.evidence.close()

    virtual.run(main())
    return (folder / "apiserver.log").read_text()


def traces(text: str) -> list[list[str]]:
    """Lines of each trace, without its number."""
    found: list[list[str]] = []
    for line in text.splitlines():
        head, _, rest = line.partition("Trace[")
        if not rest:
            continue
        if head:
            found.append([])
        found[-1].append(rest.partition("]: ")[2])
    return found


def steps(trace: list[str]) -> list[str]:
    return [re.sub(r'^(\[\S+\] \[\S+\] |---")|" \d+ms .*$', "", line) for line in trace[1:]]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_slow_write_is_traced_step_by_step_to_its_end(version: str, tmp_path: Path) -> None:
    write, read_ = traces(log(version, tmp_path))
    assert steps(write)[:2] == STEPS[:2]
    assert steps(write)[-1] == steps(read_)[-1] == "END"
    assert (STORED in steps(write)) == (version < "1.25")
    assert ("Self-link added" in steps(write)) == (version < "1.16")
    assert ("/api/v1/nodes" in write[0].split('"')[1]) == (version < "1.18")


def test_what_did_not_come_in_time_was_not_stored(tmp_path: Path) -> None:
    assert steps(traces(log("1.13.5", tmp_path, timed_out=True))[0]) == [*STEPS, "END"]


def test_a_trace_has_the_lines_of_a_recorded_one(tmp_path: Path) -> None:
    path = shared_data("real-apiserver", "1.13.5", "apiserver.log.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        recorded = next(trace for trace in traces(file.read()) if "tokenreviews" in trace[0])
    ours = traces(log("1.13.5", tmp_path))[0]
    assert steps(ours) == steps(recorded)
    assert _shape(ours[0]) == _shape(recorded[0])


def _shape(line: str) -> str:
    """A line without its path and numbers, and whether it took seconds or less."""
    return re.sub(r"\d+(\.\d+)?", "0", re.sub(r"/apis?/\S+(?=\")", "", line)).replace("0ms)", "0s)")


@pytest.mark.parametrize("version", VERSIONS)
def test_level_and_schema_stand_in_access_lines_from_1_23(version: str, tmp_path: Path) -> None:
    lines = [
        line
        for line in log(version, tmp_path).splitlines()
        if "/api/v1/nodes" in line and "Trace" not in line
    ]
    told = [re.findall(r"apf_\w+=\S+", line) for line in lines]
    level = ['apf_pl="node-high"', 'apf_fs="system-node-high"', "apf_iseats=1", "apf_fseats=0"]
    wanted = [*level, 'apf_additionalLatency="0s"'] if version in ("1.24.0", "1.28.0", "1.34.0") else []
    assert told == [wanted, wanted]


@pytest.mark.parametrize("version", VERSIONS)
def test_all_of_it_is_read_back(version: str, tmp_path: Path) -> None:
    log(version, tmp_path)
    with Tables() as tables:
        coverage = read([str(tmp_path / "apiserver.log")], tables=tables)
        kinds = tables.run("SELECT kind, count(*) FROM log_lines GROUP BY ALL")
    assert not [file for file in coverage.files if file.rejected], coverage
    assert dict(kinds)["trace"] == 2
    assert coverage.files[0].events == 2
