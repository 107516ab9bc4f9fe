"""From a scenario and axes to an exploration: a job for every point and seed, run on a back end, gathered."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from snowpit.cluster.change import apply
from snowpit.cluster.checks import check
from snowpit.cluster.scenario import CONTROL_PLANE, Scenario
from snowpit.cluster.scenario_file import load
from snowpit.errors import EvidenceError, QueryError, ScenarioError
from snowpit.forecast.explore.axes import TABLE_KEYS, Axis, Settings, parse, points, units_free
from snowpit.forecast.explore.back_ends import LOCAL
from snowpit.forecast.explore.gathered import Exploration
from snowpit.forecast.explore.questions import Job
from snowpit.forecast.explore.run import Point, Progress, explore
from snowpit.report import html
from snowpit.report.content import Page
from snowpit.report.explore.figure import Drawing
from snowpit.report.html import Picture
from snowpit.store import Tables, literal, quoted


class Varied:
    """A scenario with what ``--set`` changed, as it is at any point.

    Args:
        name: Preset or file.
        overrides: ``key=value`` each.

    Raises:
        ScenarioError: If it cannot be read, or is a published model.
    """

    def __init__(self, name: str, overrides: Sequence[str] = ()) -> None:
        self._loaded = cache(lambda more: load(name, overrides=(*overrides, *more)))
        self.base: Scenario = self._loaded(())
        if self.base.model != CONTROL_PLANE:
            raise ScenarioError(
                f"{self.base.name} is a published model, not a control plane.",
                "Take a scenario of a control plane: snowpit scenarios.",
            )

    def axes(self, texts: Sequence[str]) -> tuple[Axis, ...]:
        """Axes as written."""
        return tuple(parse(text, self.base) for text in texts)

    def at(self, settings: Settings) -> Scenario:
        """The scenario at a point."""
        assembled = tuple(f"{key}={value}" for key, value in settings if _of_table(key))
        scenario = self._loaded(assembled)
        for key, value in settings:
            if not _of_table(key):
                scenario = apply(scenario, key, value, source="flag", place="--over")
        return check(scenario, scenario.name)


def ranged(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """The axes themselves, if a figure can be drawn over them.

    Raises:
        ScenarioError: If one is a list of words, or has a single value.
    """
    for axis in axes:
        if not axis.ranged:
            raise ScenarioError(
                f"{axis.key}: its values stand on no axis.",
                "Give two numbers or more, such as limit=200:1000:5.",
            )
    return axes


def _of_table(key: str) -> bool:
    return key in TABLE_KEYS or key.endswith(".version")


def explored(
    varied: Varied,
    axes: Sequence[Axis],
    *,
    question: str,
    seeds: Sequence[int],
    edges: str = "",
    cluster: str = LOCAL,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Exploration:
    """Ask one question at all points.

    Args:
        varied: The scenario.
        axes: What is varied.
        question: As in ``forecast.explore.questions``.
        seeds: Seeds of every point.
        edges: Another question, of the first seed alone; empty asks it the same.
        cluster: Where the jobs run.
        folder: Where finished points are kept and taken from; null keeps none.
        progress: Told how far it has come.

    Raises:
        SnowpitError: If a point cannot be simulated, or the journal or the cluster cannot be used.
    """
    places = points(tuple(axes))
    jobs = [
        Job(varied.at(at), at, seed, edges if edges and seed == seeds[0] else question)
        for at in places
        for seed in seeds
    ]
    found = explore(varied.base, jobs, cluster=cluster, folder=folder, progress=progress)
    return Exploration(scenario=varied.base, axes=tuple(axes), seeds=tuple(seeds), points=found)


def keep(points: Sequence[Point], page: Page, folder: Path, *, pictures: Mapping[str, Drawing]) -> None:
    """Write what an exploration gives into its folder: ``points.parquet``, pictures, ``index.html``.

    Args:
        points: Its points.
        page: What is said of it.
        folder: The folder.
        pictures: Figures with their captions, by name of file without ending; each becomes SVG and PNG.

    Raises:
        EvidenceError: If a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_parquet(points, folder / "points.parquet")
        for name, drawing in pictures.items():
            (folder / f"{name}.svg").write_bytes(drawing.svg)
            (folder / f"{name}.png").write_bytes(drawing.png)
        shown = [Picture(drawing.caption, drawing.svg) for drawing in pictures.values()]
        (folder / "index.html").write_text(html.render(page, shown), "utf-8")
    except OSError as error:
        raise EvidenceError(
            f"{folder} cannot be written: {error.strerror}.", "Check the folder and the rights of --out."
        ) from error


def write_parquet(points: Sequence[Point], path: Path) -> int:
    """Write one row per point and seed and give their number: a column per axis, ``seed``, and the answer's figures.

    Raises:
        EvidenceError: If the file cannot be written.
    """
    words = {key for point in points for key, value in point.at if units_free(value) is None}
    rows = [
        {
            **{key: value if key in words else units_free(value) for key, value in point.at},
            "seed": point.seed,
            **point.answer,
        }
        for point in points
    ]
    names = list(dict.fromkeys(name for row in rows for name in row))
    kinds = {name: _kind([row.get(name) for row in rows]) for name in names}
    with Tables() as tables:
        tables.run(
            f"CREATE TABLE points ({', '.join(f'{quoted(name)} {kind}' for name, kind in kinds.items())})"
        )
        tables.load(rows, kinds, target="INSERT INTO points SELECT * FROM {source}")
        try:
            tables.run(f"COPY points TO {literal(path)} (FORMAT parquet)")
        except QueryError as error:
            raise EvidenceError(
                "The Parquet file cannot be written.", "Check the folder and the rights of --out."
            ) from error
    return len(rows)


def _kind(values: Sequence[object]) -> str:
    """SQL type of a column: text as soon as one value is."""
    if any(isinstance(value, str) for value in values):
        return "VARCHAR"
    return "BIGINT" if all(isinstance(value, int) for value in values) else "DOUBLE"
