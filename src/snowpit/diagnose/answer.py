"""The answer in two or three plain sentences, for somebody whose API server is down."""

from collections.abc import Sequence

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.chain import LIMITER_LOOP, feeds_itself
from snowpit.diagnose.sources import CONFIGURATION, LOG, METRICS, present
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.words import count, listed, percent, rate, seconds
from snowpit.model.finding import Finding, Role, Verdict
from snowpit.model.observation import Observed

SURE = ((0.9, "Very likely"), (0.7, "Likely"), (0.0, "Possibly"))
"""Strength of a finding in words."""


def unjudged(observed: Observed) -> str:
    """Why nothing can be judged at all; empty if it can."""
    if not observed.traffic.attempts:
        return _without_requests(observed)
    if observed.traffic.outcomes.get("open", 0) == observed.traffic.attempts:
        return (
            "This could not be judged: no request is seen to end. Keep the stage ResponseComplete in the audit policy "
            "(see: snowpit policy)."
        )
    policy = observed.policy
    if not policy.has_read and not policy.has_write:
        return (
            "This could not be judged: the audit policy lets neither reads nor writes through, so nobody can be seen "
            "holding the server. Log at least level Metadata for all requests (see: snowpit policy)."
        )
    return ""


def _without_requests(observed: Observed) -> str:
    """Why evidence without any request cannot be judged; empty if metrics or logs can."""
    sources = present(observed)
    if sources & {METRICS, LOG}:
        return ""
    if CONFIGURATION in sources:
        return (
            "This could not be judged: configuration shows how a server is set up, not what it went through. What is "
            "wrong with it before anything happens: snowpit lint."
        )
    return "This could not be judged: the evidence holds no request in the chosen window."


def answer(placed: Sequence[Finding], observed: Observed, plane: ControlPlane) -> str:
    """What happens, why it does not stop, what to do first, how sure that is.

    Args:
        placed: Findings by rank, with their final roles.
        observed: What they were found in.
        plane: The server, as far as known.
    """
    supported = [item for item in placed if item.verdict is Verdict.SUPPORTED]
    roots = [item for item in supported if item.role is Role.CAUSE]
    if roots:
        return _caused(roots, supported, plane)
    undecided = [item for item in placed if item.verdict is Verdict.UNDECIDED]
    if supported or trouble(observed).real:
        return _unexplained(supported, undecided, observed)
    return _healthy(observed, plane, undecided)


def _caused(roots: Sequence[Finding], supported: Sequence[Finding], plane: ControlPlane) -> str:
    """An overload with its cause."""
    root = roots[0]
    parts = [f"{_sure(root)}: {_sentence(root.claim)}"]
    if len(roots) > 1:
        parts.append(f"Beside it: {_lowered(roots[1].claim)}")
    parts.append(_why(root, supported, plane))
    if root.remedies:
        parts.append(f"First: {_first(root.remedies[0].text)}")
    return " ".join(part for part in parts if part)


def _sure(finding: Finding) -> str:
    """How sure a finding is, in words and figures."""
    held = len(finding.evidence_for)
    known = held + len(finding.evidence_against)
    word = next(text for least, text in SURE if finding.strength >= least)
    return f"{word} ({held} of {known} predictions that the evidence can test hold)"


def _why(root: Finding, supported: Sequence[Finding], plane: ControlPlane) -> str:
    """Why it does not stop by itself, as far as known."""
    loops = [item for item in supported if item.role is Role.SUSTAINS]
    if feeds_itself(root, plane):
        return f"Why it does not stop: {_lowered(LIMITER_LOOP)}"
    return f"What keeps it going: {_lowered(loops[0].claim)}" if loops else ""


def _unexplained(supported: Sequence[Finding], undecided: Sequence[Finding], observed: Observed) -> str:
    """Trouble without a cause that the evidence shows."""
    hurt = trouble(observed)
    parts = [
        supported[0].claim
        if supported
        else "The metrics or logs show a server that refuses or times out."
        if hurt.few
        else f"The server is in trouble: of {count(hurt.attempts)} attempts {count(hurt.rejected)} were refused (429), "
        f"{count(hurt.timed_out)} timed out (504) and {count(hurt.slow)} were slow.",
        "This evidence does not show what causes it.",
    ]
    missing = [text for item in undecided for text in item.undecided_by]
    if missing:
        parts.append(f"What would decide: {_first(missing[0])}")
    return " ".join(_sentence(part) for part in parts)


def _healthy(observed: Observed, plane: ControlPlane, undecided: Sequence[Finding]) -> str:
    """Nothing found, with the main figures and what was not visible."""
    traffic = observed.traffic
    if not traffic.attempts:
        return _unseen(observed)
    if traffic.attempts < 50:  # noqa: PLR2004 - a handful of requests cannot show an overload
        return (
            f"Nothing in this evidence overloads the API server; but {count(traffic.attempts)} "
            f"{'request is' if traffic.attempts == 1 else 'requests are'} too few to show an overload."
        )
    hurt = trouble(observed)
    failed = percent((hurt.rejected + hurt.timed_out) / traffic.attempts)
    figures = (
        f"Nothing in this evidence overloads the API server: {count(traffic.attempts)} requests in "
        f"{seconds(observed.window.seconds)} ({rate(traffic.arrival_rate)}), {failed} of them refused or timed out, at "
        f"most {count(observed.seats.mutating.peak)} of {plane.limit('mutating')} mutating and "
        f"{count(observed.seats.readonly.peak)} of {plane.limit('readonly')} read-only seats held."
    )
    parts = [figures]
    suspected = [item for item in undecided if item.evidence_for]
    if suspected:
        wanted = (
            f" What would decide: {_first(suspected[0].undecided_by[0])}" if suspected[0].undecided_by else ""
        )
        parts.append(f"Undecided: {_lowered(suspected[0].claim)}{wanted}")
    elif observed.policy.blind:
        parts.append(f"Not visible in it: {_lowered(observed.policy.blind[0])}")
    return " ".join(_sentence(part) for part in parts)


def _unseen(observed: Observed) -> str:
    """Nothing found in evidence that holds no request."""
    kinds = listed(sorted(present(observed) & {METRICS, LOG}))
    return (
        f"Nothing in the {kinds} of this evidence shows an overloaded API server. It holds no requests, so it cannot show "
        "who asks for what."
    )


def _sentence(text: str) -> str:
    """The text with a full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _first(text: str) -> str:
    """Its first sentence, lowered."""
    head, stop, _ = text.partition(". ")
    return _lowered(head + ("." if stop else ""))


def _lowered(text: str) -> str:
    """The text as a continuation: first letter small unless the word is a name, and a full stop."""
    word = text.split(" ", 1)[0]
    lowered = text[:1].lower() + text[1:] if word[1:].islower() or len(word) == 1 else text
    return _sentence(lowered)
