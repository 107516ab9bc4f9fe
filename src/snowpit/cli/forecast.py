"""``snowpit forecast``: from evidence, or a scenario, to a decision."""

from pathlib import Path

import click

from snowpit.cli import formats
from snowpit.cli.output import put, remark, style
from snowpit.cli.replications import metered
from snowpit.cluster.scenario import Scenario
from snowpit.errors import ScenarioError
from snowpit.forecast.verdict import NOW, STARTS, Ask, verdict
from snowpit.model.forecast import Calibration, Forecast
from snowpit.report import forecast as page
from snowpit.report import text


@click.command("forecast")
@click.argument("what", nargs=-1, required=True, metavar="EVIDENCE...|SCENARIO")
@click.option(
    "--from",
    "start",
    type=click.Choice(STARTS),
    default=NOW,
    show_default=True,
    help="Judge what is now (or what the scenario's triggers lead to), or a healthy start.",
)
@click.option(
    "--trigger",
    default="",
    metavar="TRIGGER",
    help="Put this trigger in the place of the scenario's events: reconnects=2000, backlog=5000, slow_lookups=30, or"
    " an event as in scenario files, such as 'lose server=0'.",
)
@click.option(
    "--server-version",
    default="",
    metavar="VERSION",
    help="Of evidence: version of kube-apiserver, e.g. 1.12.4.",
)
@click.option(
    "--limits",
    default="",
    metavar="KIND=N,...",
    help="Of evidence: in-flight limits, as diagnose takes them.",
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a value, as simulate takes it."
)
@click.option(
    "--seeds", metavar="N", type=click.IntRange(1), default=12, show_default=True, help="Replications."
)
@click.option(
    "--quick", is_flag=True, help="Closed forms only: no simulation, no remedies, an answer at once."
)
@formats.output("text", "json", "html")
@click.option("--out", default="", metavar="FILE", help="Write there, not to standard output.")
@click.option(
    "--manifests",
    default="",
    metavar="DIR",
    help="Write manifests for the plan there: certificate, guard, audit policy.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def command(
    *,
    what: tuple[str, ...],
    start: str,
    trigger: str,
    server_version: str,
    limits: str,
    overrides: tuple[str, ...],
    seeds: int,
    quick: bool,
    output: str,
    out: str,
    manifests: str,
    quiet: bool,
) -> int:
    """Say whether an overload feeds itself, how near the edge is, and which change ends it.

    EVIDENCE is whatever diagnose reads; it is calibrated to a scenario first. SCENARIO is a preset (snowpit scenarios)
    or a TOML file.

    Exit codes: 0 healthy, 1 vulnerable, self-sustaining or overloaded, 2 could not judge, 64 wrong usage.
    """
    scenario, calibration = _read(what, overrides, server_version, limits)
    if trigger:
        from snowpit.forecast.triggers import with_trigger  # noqa: PLC0415 - once per subcommand, as below

        scenario = with_trigger(scenario, trigger)
    ask = Ask(scenario, start, () if quick else range(1, seeds + 1), calibration)
    found = verdict(ask) if quick else _simulated(ask, shown=not quiet)
    put(_rendered(found, output), out)
    if manifests:
        _write_manifests(scenario, Path(manifests))
    return page.exit_code(found)


def _read(
    what: tuple[str, ...], overrides: tuple[str, ...], server_version: str, limits: str
) -> tuple[Scenario, Calibration | None]:
    """A scenario by its name or file, or evidence calibrated to one."""
    from snowpit.cluster.scenario_file import load, presets  # noqa: PLC0415

    if len(what) == 1 and (what[0].endswith(".toml") or what[0] in dict(presets())):
        return load(what[0], overrides=overrides), None
    if not any(Path(path).exists() or path == "-" for path in what):
        raise ScenarioError(
            "There is neither evidence nor a scenario of that name.",
            "Give files or folders that diagnose reads, a preset (snowpit scenarios lists them) or a TOML file.",
        )
    from snowpit.cli.diagnose import parse_limits  # noqa: PLC0415
    from snowpit.cli.options import source  # noqa: PLC0415
    from snowpit.workflow.calibration import run  # noqa: PLC0415
    from snowpit.workflow.diagnosis import Question  # noqa: PLC0415

    question = Question(source=source(what), server_version=server_version, limits=parse_limits(limits))
    found = run(question, name="the evidence")
    return _changed(found.scenario, overrides), found.calibration


def _changed(scenario: Scenario, overrides: tuple[str, ...]) -> Scenario:
    """The scenario as a file of it would be read with these overrides."""
    if not overrides:
        return scenario
    from snowpit.cluster.scenario_file import parse  # noqa: PLC0415
    from snowpit.cluster.scenario_write import dumps  # noqa: PLC0415

    return parse(dumps(scenario).encode(), place=scenario.name, overrides=overrides)


def _simulated(ask: Ask, *, shown: bool) -> Forecast:
    from snowpit.forecast.core import forecast  # noqa: PLC0415

    with metered(shown=shown) as meter:
        return forecast(ask, progress=meter.phase)


def _rendered(found: Forecast, output: str) -> str:
    if output == "json":
        from snowpit.report import forecast_json  # noqa: PLC0415

        return forecast_json.render(found)
    if output == "html":
        from snowpit.report.forecast_html import render  # noqa: PLC0415

        return render(found)
    return text.render(page.build(found), style())


def _write_manifests(scenario: Scenario, folder: Path) -> None:
    from snowpit.workflow.manifests import write_manifests  # noqa: PLC0415

    for name in write_manifests(scenario, folder):
        remark(f"written {name}")
