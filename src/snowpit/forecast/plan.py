"""A safe order of steps: stop the harm, remove the cause, watch, bring load back in portions, make it last."""

from collections.abc import Sequence

from snowpit.cluster.scenario import Scenario
from snowpit.knowledge.version import Version
from snowpit.model.forecast import Critical, PlanStep, Remedy, State

PORTION = 0.5
"""Load comes back in portions of that share of the smallest critical burst of reconnects."""

CALM_S = 180
"""How long throttle waits and refusals have to be gone before the next step."""

CERTAINLY = 0.9
"""Share of runs from which on a remedy is put first in a plan."""


def watch_words(version: Version | None) -> dict[str, str]:
    """Queries for Prometheus by what they watch, with the metric names of the version (renamed in 1.14, 1.20 and 1.18)."""

    def since(text: str) -> bool:
        return version is None or version.at_least(text)

    requests = "apiserver_request_total" if since("1.14.0") else "apiserver_request_count"
    kind = "request_kind" if since("1.20.0") else "requestKind"
    waits = (
        "rest_client_rate_limiter_duration_seconds stays below 1 s"
        if since("1.18.0")
        else "no 'Throttling request took' lines above 1 s in the log of the API server (they need -v=4 up to 1.15)"
    )
    return {
        "reviews": f'sum(rate({requests}{{resource="tokenreviews"}}[1m]))',
        "refusals": f'sum(rate({requests}{{code="429"}}[1m])) == 0',
        "timeouts": f'sum(rate({requests}{{code="504"}}[1m])) == 0',
        "seats": f'max(apiserver_current_inflight_requests{{{kind}="mutating"}})',
        "waits": waits,
    }


def plan(
    scenario: Scenario, state: State, remedies: Sequence[Remedy], critical: Sequence[Critical]
) -> tuple[PlanStep, ...]:
    """Steps in order.

    Args:
        scenario: The scenario.
        state: The state that is judged.
        remedies: Ranked.
        critical: Sizes of triggers that tip a healthy cluster.
    """
    words = watch_words(scenario.plane.version)
    immediate = _best(remedies, "immediate")
    lasting = _best(remedies, "lasting")
    if state is State.HEALTHY:
        return (_keep(words),)
    steps: list[PlanStep] = []
    if state in (State.SELF_SUSTAINING, State.OVERLOADED):
        steps.append(_hold(remedies, words))
        if immediate is not None:
            steps.append(_apply(immediate, words))
        steps += [_verify(words), _bring_back(critical, words)]
    if lasting is not None:
        steps.append(_apply(lasting, words))
    elif immediate is not None and state is State.VULNERABLE:
        steps.append(_apply(immediate, words))
    return (*steps, _keep(words))


def _best(remedies: Sequence[Remedy], when: str) -> Remedy | None:
    """The first that surely works; else the first that works."""
    works = [one for one in remedies if one.works and one.when == when]
    surely = [one for one in works if one.recovers.value >= CERTAINLY]
    return next(iter(surely or works), None)


def _hold(remedies: Sequence[Remedy], words: dict[str, str]) -> PlanStep:
    harmful = {
        "restart": "Do not restart the API servers.",
        "raise_mutating_limit": "Do not raise the in-flight limit.",
    }
    fails = [harmful[one.id] for one in remedies if one.id in harmful and not one.works]
    return PlanStep(
        title="Add no load, and do no harm",
        how=(*fails, "Stop rollouts, batch jobs and node additions."),
        watch=(words["seats"], words["refusals"].removesuffix(" == 0")),
    )


def _apply(remedy: Remedy, words: dict[str, str]) -> PlanStep:
    span = remedy.recovery_s
    until = (
        f"Expect it to end failure after {span.median:,.0f} s ({span.low:,.0f} to {span.high:,.0f} s in simulation)."
        if span
        else "Watch until failure ends."
    )
    return PlanStep(
        title=remedy.title,
        how=remedy.steps,
        watch=(words["reviews"], words["waits"], until),
        remedy=remedy.id,
    )


def _verify(words: dict[str, str]) -> PlanStep:
    return PlanStep(
        title=f"Make sure that it is over: {CALM_S} s without refusals and throttle waits",
        how=(
            "Test with ordinary credentials: system:masters passes the gate while everybody else is refused.",
        ),
        watch=(words["refusals"], words["timeouts"], words["waits"]),
    )


def _bring_back(critical: Sequence[Critical], words: dict[str, str]) -> PlanStep:
    return PlanStep(
        title="Bring load back in portions",
        how=(
            _portion(critical),
            "Wait 20 s after each portion, so that the token cache is warm, and look before the next.",
        ),
        watch=(words["waits"], words["refusals"]),
    )


def _portion(critical: Sequence[Critical]) -> str:
    edge = next((one for one in critical if one.kind == "reconnects"), None)
    size = None if edge is None else edge.simulated.low if edge.simulated else edge.closed_form
    if size is None:
        return "Start clients again in portions of a tenth."
    return (
        f"Let at most {max(1, int(PORTION * size)):,} clients (re)connect within a second: {size:,.0f} at once can tip it"
        " while the cause is still there."
    )


def _keep(words: dict[str, str]) -> PlanStep:
    return PlanStep(
        title="Keep watch",
        how=(
            "Keep an audit policy that records TokenReviews and Secrets at level Metadata (snowpit policy).",
            "Run the forecast again after every change of nodes, clients, tokens or version.",
        ),
        watch=(words["reviews"], words["waits"]),
    )
