"""How a scenario was read off evidence: as a page, and as comments in its file."""

from textwrap import wrap

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_write import dumps
from snowpit.model.forecast import Calibration, Estimate, Present, Source
from snowpit.report.content import Block, Bullets, Page, Paragraph, Section, Table
from snowpit.report.figures import plural, seconds
from snowpit.report.visible import visible

LONGEST = 160
"""Signs of a comment."""

WIDTH = 110


def page(scenario: Scenario, found: Calibration, remarks: tuple[str, ...] = ()) -> Page:
    """The account of a calibration.

    Args:
        scenario: The scenario.
        found: How it was read off.
        remarks: Sentences on how the evidence was narrowed.
    """
    blocks: list[Block] = [
        Section("Scenario", (Paragraph(answer(scenario, found), "strong"),)),
        Section("At the end of the evidence", (Bullets(state(found.present)),)),
        *sections(found),
    ]
    if remarks:
        blocks.append(Section("Bear in mind", (Bullets(remarks),), quiet=True))
    return Page("snowpit calibrate", tuple(blocks))


def sections(found: Calibration, *, quiet: bool = False) -> list[Section]:
    """Where each value comes from, and what the evidence cannot tell."""
    made = [Section("Where each value comes from", (_table(found),), quiet=quiet)]
    if found.unidentified:
        items = tuple(f"{one.what} To know: {one.evidence}" for one in found.unidentified)
        made.append(Section("What the evidence cannot tell", (Bullets(items),), quiet=quiet))
    return made


def answer(scenario: Scenario, found: Calibration) -> str:
    """What the scenario holds, and how much of it is guessed, in two sentences."""
    guessed = [one for one in found.estimates if one.source is Source.ASSUMED]
    return (
        f"{plural(scenario.servers, 'API server')} of {scenario.plane.version}, {plural(scenario.kubelets.count, 'kubelet')},"
        f" {plural(len(scenario.clients), 'population')} of clients, {plural(len(scenario.scrapers), 'scraper')},"
        f" {plural(len(scenario.events), 'event')}. Of {plural(len(found.estimates), 'value')} {len(guessed)} are assumed,"
        f" and {plural(len(found.unidentified), 'thing')} cannot be told."
    )


def state(present: Present) -> tuple[str, ...]:
    """The present state in sentences."""
    fails = {
        True: "Requests fail.",
        False: "Requests do not fail.",
        None: "Whether requests fail does not show.",
    }
    said = [fails[present.failing]]
    if present.throttle_wait_s:
        said.append(
            f"A look-up reserved now would wait {seconds(present.throttle_wait_s)}: {present.backlog or 0:,.0f} wait at one"
            f" API server ({present.reference})."
        )
    if present.refusals_per_s:
        said.append(f"{present.refusals_per_s:,.1f} answers 429 a second.")
    if present.seats_mutating is not None:
        said.append(f"{present.seats_mutating:,.1f} mutating seats are held.")
    return tuple(said)


def _table(found: Calibration) -> Table:
    rows = tuple((one.key, amount(one), between(one), str(one.source), _from(one)) for one in found.estimates)
    return Table(("value", "estimate", "between", "source", "from"), rows, shorten=frozenset({0, 4}))


def amount(one: Estimate) -> str:
    """The value with its unit."""
    text = one.value if isinstance(one.value, str) else f"{one.value:,.5g}"
    return f"{text} {one.unit}".rstrip()


def between(one: Estimate) -> str:
    """Its bounds; empty where it has none."""
    if one.low is None or one.high is None:
        return ""
    return f"{one.low:,.4g} to {one.high:,.4g}"


def _from(one: Estimate) -> str:
    return f"{one.reference}; {one.note}" if one.note else one.reference


def toml(scenario: Scenario, found: Calibration) -> str:
    """The scenario file, with the account of each value behind it and of what is not known above."""
    head = [
        "Calibrated from evidence. What is not written is as the version ships it.",
        *state(found.present),
    ]
    head += [f"Not known: {one.what} To know: {one.evidence}" for one in found.unidentified]
    lines = [line for text in head for line in wrap(visible(text), WIDTH)]
    comment = "".join(f"# {line}\n" for line in lines)
    return f"{comment}\n{dumps(scenario, {one.key: _note(one) for one in found.estimates})}"


def _note(one: Estimate) -> str:
    bounds = f", {between(one)} {one.unit}".rstrip() if between(one) else ""
    text = visible(f"{one.source}{bounds}: {_from(one)}")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
