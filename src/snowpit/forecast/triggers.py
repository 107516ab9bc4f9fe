"""Triggers as they are written on a command line, laid over a scenario."""

from dataclasses import replace

from snowpit.cluster.happenings import events
from snowpit.cluster.scenario import Event, Scenario
from snowpit.errors import ScenarioError
from snowpit.forecast.starts import KICKS, WARM_S, kicked, settled

HINT = (
    "Write reconnects=2000, backlog=5000, slow_lookups=30, or an event of scenario files: 'restart spread=2s',"
    " 'lose server=0', 'burst clients=pods requests=800'."
)


def with_trigger(scenario: Scenario, text: str) -> Scenario:
    """The scenario with one trigger instead of its own events; what these changed stays changed.

    Args:
        scenario: The scenario.
        text: A kind and size (``reconnects=2000``), or an action with its settings (``lose server=0``).

    Raises:
        ScenarioError: If it is neither.
    """
    kind, equals, size = text.strip().partition("=")
    if equals and kind in KICKS:
        if not size.isdecimal() or not 0 < int(size) <= 10**7:
            raise ScenarioError(f"{size[:40]!a} is not a size of {kind}.", HINT)
        return replace(settled(scenario), events=kicked(scenario, kind, int(size)).scenario.events)
    action, *settings = text.split() or [""]
    raw: dict[str, object] = {"at": f"{WARM_S}s", "action": action, "trigger": True}
    for item in settings:
        key, equals, value = item.partition("=")
        if not equals:
            raise ScenarioError(f"{item[:40]!a} is not key=value.", HINT)
        raw[key] = int(value) if value.isdecimal() else value
    return replace(settled(scenario), events=_read(raw, scenario))


def _read(raw: dict[str, object], scenario: Scenario) -> tuple[Event, ...]:
    try:
        return events([raw], settled(scenario), "--trigger")
    except ScenarioError as error:
        raise ScenarioError(error.message, error.hint or HINT) from None
