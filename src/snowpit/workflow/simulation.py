"""From a scenario to a study: replications on all cores, judged; or one run handed to the detectors."""

from collections.abc import Sequence
from pathlib import Path

from snowpit.cluster.horizon import short
from snowpit.cluster.scenario import Scenario
from snowpit.diagnose import diagnose
from snowpit.errors import EvidenceError, QueryError, ScenarioError
from snowpit.model.evidence import Coverage, FileCoverage
from snowpit.model.request import STORED
from snowpit.model.sample import CLIENT_MEASURES, SERVER_MEASURES, Measure, Run
from snowpit.observe import observe
from snowpit.observe.outcome import outcome
from snowpit.report.case import Case
from snowpit.report.coverage import SIMULATED
from snowpit.report.study import Study
from snowpit.simulate import simulate
from snowpit.simulate.parallel import Job, Progress, run_all
from snowpit.store import Tables, literal

_NAMES = tuple(column.name for column in STORED)
_SAMPLE_COLUMNS = {
    "seed": "BIGINT",
    "start_s": "DOUBLE",
    "kind": "VARCHAR",
    "name": "VARCHAR",
    "measure": "VARCHAR",
    "unit": "VARCHAR",
    "value": "DOUBLE",
}


def study(scenario: Scenario, seeds: Sequence[int], *, progress: Progress | None = None) -> Study:
    """Simulate a scenario once per seed and judge each run.

    Args:
        scenario: The scenario.
        seeds: Seeds, at least one.
        progress: Told how far it has come.

    Raises:
        ScenarioError: If there is no seed, or the scenario cannot be simulated.
    """
    if not seeds:
        raise ScenarioError("There is no seed to simulate.", "Give --seeds 1 or more.")
    runs = replicate(scenario, seeds, progress=progress)
    outcomes = tuple(outcome(run, horizon_s=scenario.horizon_s) for run in runs)
    return Study(scenario=scenario, runs=runs, outcomes=outcomes, warning=short(scenario))


def replicate(
    scenario: Scenario, seeds: Sequence[int], *, progress: Progress | None = None
) -> tuple[Run, ...]:
    """One run per seed, in order of seeds, on all cores."""
    return run_all([Job(scenario, seed) for seed in seeds], lambda _, run: run, progress=progress)


def case(scenario: Scenario, seed: int) -> Case:
    """Simulate one seed, keep every request, and let the detectors judge the request table.

    Raises:
        EvidenceError: If the run yields no requests.
    """
    with Tables() as tables:

        def keep(rows: Sequence[tuple[object, ...]]) -> None:
            tables.append(_record(row) for row in rows)

        simulate(scenario, seed=seed, keep_requests=keep)
        tables.lock()
        coverage = _coverage(tables, f"{scenario.name}, seed {seed}")
        version = scenario.plane.version
        observed = observe(
            tables,
            stages=coverage.files[0].stages,
            server_version=(version.major, version.minor, version.patch) if version else None,
        )
    return Case(
        diagnosis=diagnose(observed, scenario.plane),
        coverage=coverage,
        observed=observed,
        plane=scenario.plane,
        remarks=("These requests were simulated: no server was asked, and the times are made up.",),
    )


def _record(row: tuple[object, ...]) -> dict[str, object]:
    """A row of the request table by column; absent is null."""
    return {name: value for name, value in zip(_NAMES, row, strict=True) if value is not None}


def _coverage(tables: Tables, name: str) -> Coverage:
    """The account of a simulated request table."""
    found = tables.run(
        "SELECT stage, count(*), min(received), max(coalesce(finished, received)) FROM requests GROUP BY 1 ORDER BY 1"
    )
    if not found:
        raise EvidenceError(
            "The simulated run has no requests to diagnose.",
            "Published models have none; take a scenario of a control plane.",
        )
    total = sum(row[1] for row in found)
    file = FileCoverage(
        path=name,
        kind=SIMULATED,
        lines=total,
        event_lines=total,
        events=total,
        kept=total,
        first=min(row[2] for row in found),
        last=max(row[3] for row in found),
        stages={str(row[0]): row[1] for row in found},
    )
    return Coverage((file,))


def write_parquet(runs: Sequence[Run], path: Path) -> int:
    """Write the samples of all seeds as a Parquet table and give its number of rows.

    One row is one measure of one server or population in one bin: ``seed``, ``start_s`` (begin of the bin), ``kind``
    (``server`` or ``population``), ``name``, ``measure``, ``unit``, ``value``.

    Raises:
        EvidenceError: If the file cannot be written.
    """
    with Tables() as tables:
        columns = ", ".join(f"{name} {kind}" for name, kind in _SAMPLE_COLUMNS.items())
        tables.run(f"CREATE TABLE samples ({columns})")
        for run in runs:
            tables.load(_rows(run), _SAMPLE_COLUMNS, target="INSERT INTO samples SELECT * FROM {source}")
        try:
            tables.run(f"COPY samples TO {literal(path)} (FORMAT parquet)")
        except QueryError as error:
            raise EvidenceError(
                "The Parquet file cannot be written.", "Check the folder and the rights of --out."
            ) from error
        return int(tables.run("SELECT count(*) FROM samples")[0][0])


def _rows(run: Run) -> list[dict[str, object]]:
    """Samples as records."""
    samples = run.samples
    series: list[tuple[str, str, Measure, Sequence[float]]] = [
        ("server", str(number), measure, by_name[measure.name])
        for number, by_name in enumerate(samples.servers)
        for measure in SERVER_MEASURES
        if measure.name in by_name
    ]
    series += [
        ("population", name, measure, by_name[measure.name])
        for name, by_name in samples.clients.items()
        for measure in CLIENT_MEASURES
        if measure.name in by_name
    ]
    return [
        {
            "seed": run.seed,
            "start_s": place * samples.bin_s,
            "kind": kind,
            "name": name,
            "measure": measure.name,
            "unit": measure.unit,
            "value": value,
        }
        for kind, name, measure, values in series
        for place, value in enumerate(values)
    ]
