"""The first cause as each kind of evidence shows it, in the order in which an investigation reaches for them.

For the TokenReview storm the steps are those of the incident that this project was made for (``storm_layers``). For any
other cause there is one layer a source: the heaviest statement that rests on it, of the cause or of what follows from it.
"""

from collections.abc import Sequence

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.storm_layers import storm_layers
from snowpit.model.finding import SOURCES, Finding, Layer, Role, Statement, Verdict
from snowpit.model.observation import Observed

CONCLUDES = {
    "log": "It shows what the server complained about, not who caused it.",
    "access log": "It shows requests and their times as the server saw them, without users.",
    "metrics": "They show how full and how slow the server was, not who filled it.",
    "audit log": "It shows who asked for what, and for how long.",
    "configuration": "It shows which limits and credentials are set.",
    "version": "It decides which mechanism is at work.",
}
"""What each kind of evidence can tell at all."""


def layers(placed: Sequence[Finding], observed: Observed, plane: ControlPlane) -> tuple[Layer, ...]:
    """What each source showed of the first cause; empty if no cause was found.

    Args:
        placed: Findings by rank, with their final roles.
        observed: What they were found in.
        plane: The server, as far as known.
    """
    supported = [item for item in placed if item.verdict is Verdict.SUPPORTED]
    if not supported or supported[0].role is not Role.CAUSE:
        return ()
    if supported[0].id == "token_review_storm":
        return storm_layers(supported[0], observed, plane)
    return tuple(layer for source in SOURCES if (layer := _layer(source, supported)) is not None)


def _layer(source: str, supported: Sequence[Finding]) -> Layer | None:
    """The heaviest statement of a source: of the cause itself, else of what was found beside it."""
    for group in (supported[:1], supported[1:]):
        stated = [item for finding in group for item in finding.evidence_for if item.source == source]
        if stated:
            return _told(max(stated, key=lambda item: item.weight), source)
    return None


def _told(statement: Statement, source: str) -> Layer:
    return Layer(
        source=source, showed=statement.text, concludes=CONCLUDES[source], pointers=statement.pointers
    )
