"""The first cause across sources: what each showed, which rivals fail, and what to fetch next."""

from collections.abc import Sequence

from snowpit.diagnose.sources import present
from snowpit.diagnose.words import listed
from snowpit.model.finding import Fetch, Layer, Rival
from snowpit.report.case import Case
from snowpit.report.content import Block, Bullets, Chain, Code, Paragraph, Section, Step
from snowpit.report.findings import placed

MOST_NAMED = 4
STORM = "token_review_storm"


def mixed(case: Case) -> bool:
    """Whether the evidence is of several kinds, so that each statement has to name its own."""
    return len(present(case.observed)) > 1 or not case.observed.traffic.attempts


def sections(case: Case) -> tuple[Block, ...]:
    """What each source showed, and the rival explanations; nothing where one source tells all but the storm."""
    diagnosis = case.diagnosis
    found: list[Block] = []
    if len({layer.source for layer in diagnosis.layers}) > 1 and mixed(case):
        found.append(Section("What each source showed", (_layers(diagnosis.layers),)))
    known = diagnosis.findings and diagnosis.findings[0].id == STORM
    if diagnosis.rivals and (mixed(case) or known):
        found.append(
            Section("Rival explanations", (Bullets(tuple(map(_rival, diagnosis.rivals)), mark="x"),))
        )
    return tuple(found)


def _layers(layers: Sequence[Layer]) -> Chain:
    """One step a source, in the order of the investigation."""
    return Chain(tuple(Step(layer.source, _told(layer), known=True) for layer in layers))


def _told(layer: Layer) -> str:
    caution = f" Beware: {layer.misleads}" if layer.misleads else ""
    return f"{placed(layer.showed, layer.pointers)} -> {layer.concludes}{caution}"


def _rival(rival: Rival) -> str:
    verdict = "no" if rival.excluded else "open"
    source = f" ({rival.source})" if rival.source else ""
    why = rival.why if rival.why.endswith(".") else f"{rival.why}."
    return f"{rival.name}: {verdict}. {why}{source}"


def fetch(case: Case) -> list[Block]:
    """Evidence to fetch next with its commands; nothing where all that matters is decided."""
    items = case.diagnosis.fetch
    if not items:
        return []
    blocks = [_fetched(number, item) for number, item in enumerate(items, start=1)]
    return [Section("Which evidence to fetch next", tuple(blocks), note="most informative first")]


def _fetched(number: int, item: Fetch) -> Section:
    blocks: list[Block] = [Paragraph(item.what), Code("\n".join(item.commands))]
    if item.caution:
        blocks.append(Paragraph(f"Caution: {item.caution}", "warning"))
    decides = listed(item.decides, most=MOST_NAMED)
    return Section(f"{number}. {item.id.replace('-', ' ')}", tuple(blocks), note=f"would decide {decides}")
