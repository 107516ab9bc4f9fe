"""From a scenario to a rehearsed run with its evidence; and that run held against the simulator and the detectors."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from snowpit.cluster.change import apply
from snowpit.cluster.control_plane import with_values
from snowpit.cluster.horizon import short
from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario import CONTROL_PLANE, Scenario
from snowpit.errors import LabError
from snowpit.lab.around.collector import ADDRESS as COLLECTOR
from snowpit.lab.conduct.calls import call
from snowpit.lab.conduct.conductor import CONTROL
from snowpit.lab.conduct.dating import date
from snowpit.lab.conduct.in_memory import rehearse
from snowpit.lab.conduct.sampling import Seen
from snowpit.lab.evidence.policy import Policy
from snowpit.lab.real.binaries import Binaries, find, identify
from snowpit.lab.setup import PLAIN, Auditing, AuditWebhook
from snowpit.model.finding import Verdict as Judgement
from snowpit.model.sample import Run
from snowpit.observe.outcome import Verdict, outcome
from snowpit.report.study import Study
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source
from snowpit.workflow.simulation import study as simulated

LIMITER = ("loopback_qps", "loopback_burst")


class Check(NamedTuple):
    """Three answers to one question.

    Args:
        lab: How the rehearsed run ended; null if it has no course.
        simulator: How the same scenario and seed ended in the simulator.
        cause: Id of the first supported finding in the lab's evidence; empty if there is none.
        answer: What the diagnosis of it says.
    """

    lab: Verdict | None
    simulator: Verdict | None
    cause: str
    answer: str


def real(apiserver: str, etcd: str, assets: str) -> Binaries:
    """Real programs, and their version.

    Args:
        apiserver: Path of kube-apiserver; empty to look into the folder of both.
        etcd: Path of etcd; likewise.
        assets: That folder; empty for none.

    Raises:
        LabError: If one is missing, or tells no version.
    """
    return asyncio.run(identify(*find(apiserver, etcd, assets=assets)))


def prepared(scenario: Scenario, scale: float, binaries: Binaries | None = None) -> Scenario:
    """The scenario that a lab can run, made smaller.

    With real programs it has their version, and the loopback limiter of that version, which cannot be scaled.

    Raises:
        LabError: If a lab cannot run it: published models have no servers.
        ScenarioError: If the scale is none.
    """
    if scenario.model != CONTROL_PLANE:
        raise LabError(
            f"{scenario.name} is a published model without servers.", "Take a scenario of a control plane."
        )
    if binaries is None:
        return scaled(scenario, scale)
    versioned = apply(scenario, "version", str(binaries.version))
    smaller = scaled(versioned, scale)
    limiter = {name: versioned.plane.values[name] for name in LIMITER if name in versioned.plane.values}
    return replace(smaller, plane=with_values(smaller.plane, limiter))


def auditing(policy: str, webhook: str) -> Auditing:
    """How the API servers of a lab are audited.

    Args:
        policy: Policy file; empty for the lab's own.
        webhook: ``batch`` or ``blocking``; empty for none.

    Raises:
        LabError: If the file is no policy.
    """
    path = Path(policy).resolve() if policy else None
    if path is not None:
        Policy.load(path)
    hook = AuditWebhook(address=COLLECTOR, mode=webhook) if webhook else None
    return Auditing(policy=path, webhook=hook)


def study(
    scenario: Scenario,
    seed: int,
    *,
    folder: Path,
    epoch: int | None,
    seen: Seen | None = None,
    binaries: Binaries | None = None,
    auditing: Auditing = PLAIN,
) -> Study:
    """Rehearse a scenario and judge how it ended.

    Args:
        scenario: As ``prepared``.
        seed: Seed of all chance.
        folder: Folder for evidence; it must not hold a lab already.
        epoch: When the lab begins, µs since the epoch, on virtual time; null rehearses on sockets, on wall time.
        seen: Told of every bin.
        binaries: Real programs to take as API servers, on wall time; null takes the lab's own.
        auditing: How the lab's own API servers are audited.

    Raises:
        LabError: If the folder holds something, or the lab cannot do what the scenario asks for.
    """
    if folder.exists() and any(folder.iterdir()):
        raise LabError(f"{folder} is not empty.", "Name another folder with --out, or remove that one.")
    folder.mkdir(parents=True, exist_ok=True)
    if epoch is None:
        from snowpit.lab.conduct import on_sockets  # noqa: PLC0415 - an HTTP server

        found = on_sockets.rehearse(
            scenario, seed=seed, folder=folder, seen=seen, binaries=binaries, auditing=auditing
        )
    else:
        found = rehearse(scenario, seed=seed, folder=folder, epoch=epoch, seen=seen, auditing=auditing)
        date(folder, epoch + round(found.ended_s * 1e6))
    return judged(scenario, found)


def judged(scenario: Scenario, found: Run) -> Study:
    """How a rehearsed run ended; one that was stopped early is judged at the time at which it was stopped."""
    if found.samples.bins and found.ended_s <= scenario.horizon_s - found.samples.bin_s:
        seen = tuple(event for event in scenario.events if event.at_s < found.ended_s)
        scenario = replace(scenario, horizon_s=found.ended_s, events=seen)
    ended = outcome(found, horizon_s=scenario.horizon_s)
    return Study(scenario=scenario, runs=(found,), outcomes=(ended,), warning=short(scenario))


def check(rehearsed: Study, folder: Path) -> Check:
    """Diagnose the evidence of a lab, simulate the same scenario, and set the three side by side."""
    seeds: Sequence[int] = [rehearsed.runs[0].seed]
    theirs = simulated(rehearsed.scenario, seeds).outcomes[0].verdict
    found = run(Question(source=Source(paths=evidence(folder)))).diagnosis
    causes = [item.id for item in found.findings if item.verdict is Judgement.SUPPORTED]
    return Check(rehearsed.outcomes[0].verdict, theirs, causes[0] if causes else "", found.answer)


def tell(folder: Path, name: str, arguments: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
    """Ask something of a lab that runs on wall time.

    Args:
        folder: Its folder.
        name: ``do`` (with ``event``, as in a scenario file but without ``at``), ``status`` or ``stop``.
        arguments: By name.

    Raises:
        LabError: If no lab runs there, or it refuses.
    """
    return asyncio.run(call(folder / CONTROL, name, arguments))


def evidence(folder: Path) -> list[str]:
    """What a real cluster would have left behind: everything but keys, tokens and the lab's own record."""
    return [str(path) for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "pki"]
