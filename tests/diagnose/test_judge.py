"""The judge: which finding explains which, what comes first, and what the operator is told."""

from dataclasses import replace

import pytest

from snowpit.cluster.control_plane import build
from snowpit.diagnose.judge import judge
from snowpit.knowledge.version import Version
from snowpit.model.finding import Finding, Remedy, Role, Statement, Verdict
from snowpit.model.observation import ChangePoint
from support.observed import healthy

PLANE = build(version=Version(1, 12, 4))
IN_TROUBLE = healthy(rejected=500, timed_out=200)


def finding(name: str, role: Role = Role.CAUSE, *, score: float = 0.8, **more: object) -> Finding:
    base = Finding(
        id=name,
        verdict=Verdict.SUPPORTED,
        role=role,
        title=name,
        claim=f"The claim of {name}.",
        evidence_for=(Statement("It holds.", "reviews", 0.9),),
        remedies=(Remedy("stop", f"Stop what {name} accuses. Then wait."),),
        strength=1.0,
        impact=score,
    )
    return replace(base, **more)  # type: ignore[arg-type]


def roles(*findings: Finding) -> dict[str, Role]:
    return {item.id: item.role for item in judge(findings, IN_TROUBLE, PLANE).findings}


def test_a_full_gate_is_a_symptom_of_the_storm_that_fills_it() -> None:
    found = judge([finding("inflight_limit", Role.SYMPTOM), finding("token_review_storm")], IN_TROUBLE, PLANE)
    assert [item.id for item in found.findings] == ["token_review_storm", "inflight_limit"]
    assert [item.role for item in found.findings] == [Role.CAUSE, Role.SYMPTOM]


def test_a_full_gate_alone_is_still_no_cause() -> None:
    found = judge([finding("inflight_limit")], IN_TROUBLE, PLANE)
    assert found.findings[0].role is Role.SYMPTOM
    assert "does not show what causes it" in found.answer


def test_a_saturated_limiter_sustains_a_review_storm() -> None:
    assert (
        roles(finding("loopback_starvation"), finding("token_review_storm"))["loopback_starvation"]
        is Role.SUSTAINS
    )


def test_a_saturated_limiter_is_a_cause_where_no_reviews_are() -> None:
    assert roles(finding("loopback_starvation"))["loopback_starvation"] is Role.CAUSE


def test_what_is_asked_goes_before_who_asks_it() -> None:
    assert roles(finding("hot_client", score=1.0), finding("list_storm", score=0.4)) == {
        "hot_client": Role.SYMPTOM,
        "list_storm": Role.CAUSE,
    }


def test_of_two_causes_that_claim_each_other_the_heavier_one_wins() -> None:
    first = finding("event_flood", score=0.3, explains=("slow_webhook",))
    second = finding("slow_webhook", score=0.9, explains=("event_flood",))
    assert roles(first, second) == {"event_flood": Role.SYMPTOM, "slow_webhook": Role.CAUSE}


def test_causes_that_explain_each_other_in_a_circle_leave_one_root() -> None:
    ring = ("event_flood", "slow_webhook", "list_storm")
    circle = [
        finding(name, score=0.5 + place / 10, explains=(ring[(place + 1) % 3],))
        for place, name in enumerate(ring)
    ]
    assert list(roles(*circle).values()).count(Role.CAUSE) == 1


def test_two_independent_causes_both_stay_causes_the_heavier_first() -> None:
    found = judge([finding("list_storm", score=0.3), finding("slow_webhook", score=0.9)], IN_TROUBLE, PLANE)
    assert [item.id for item in found.findings] == ["slow_webhook", "list_storm"]
    assert {item.role for item in found.findings} == {Role.CAUSE}


@pytest.mark.parametrize("verdict", [Verdict.REFUTED, Verdict.UNDECIDED])
def test_what_is_not_supported_explains_nothing(verdict: Verdict) -> None:
    found = judge([finding("token_review_storm", verdict=verdict), finding("hot_client")], IN_TROUBLE, PLANE)
    assert found.findings[0].id == "hot_client"
    assert found.findings[0].role is Role.CAUSE


def test_supported_comes_before_undecided_before_refuted() -> None:
    found = judge(
        [
            finding("event_flood", verdict=Verdict.REFUTED),
            finding("list_storm", verdict=Verdict.UNDECIDED),
            finding("slow_webhook", score=0.1),
        ],
        IN_TROUBLE,
        PLANE,
    )
    assert [item.id for item in found.findings] == ["slow_webhook", "list_storm", "event_flood"]


def test_the_chain_runs_from_trigger_to_victims_and_marks_what_is_inferred() -> None:
    found = judge(
        [
            finding("token_review_storm", numbers={"timed_out": 200}),
            finding("inflight_limit", Role.SYMPTOM),
            finding("retry_storm", Role.SUSTAINS),
            finding("heartbeat_pressure", Role.VICTIM),
        ],
        IN_TROUBLE,
        PLANE,
    )
    assert [link.stage for link in found.chain] == [
        "trigger",
        "mechanism",
        "loop",
        "loop",
        "symptom",
        "victims",
    ]
    inferred = {link.text for link in found.chain if not link.known}
    assert len(inferred) == 2
    assert all(link.finding for link in found.chain if link.known)


def test_the_change_point_is_the_trigger_where_there_is_one() -> None:
    change = ChangePoint(
        at=60_000_000, what="rejected", before=0.0, after=40.0, first_class="create tokenreviews"
    )
    found = judge([finding("token_review_storm")], replace(IN_TROUBLE, change=change), PLANE)
    assert "1970-01-01 00:01:00Z" in found.chain[0].text
    assert found.chain[0].known


def test_the_answer_says_what_who_why_and_what_first() -> None:
    text = judge([finding("token_review_storm", numbers={"timed_out": 200})], IN_TROUBLE, PLANE).answer
    assert text.startswith(
        "Very likely (1 of 1 predictions that the evidence can test hold): The claim of token_review_storm."
    )
    assert "Why it does not stop" in text
    assert "First: stop what token_review_storm accuses." in text
    assert "1 of 1 predictions" in text


def test_a_storm_in_which_nothing_times_out_is_not_said_to_feed_itself() -> None:
    found = judge([finding("token_review_storm", numbers={"timed_out": 0})], IN_TROUBLE, PLANE)
    assert "Why it does not stop" not in found.answer
    assert "loop" not in [link.stage for link in found.chain]


def test_a_server_without_the_limiter_is_not_told_of_its_loop() -> None:
    modern = build(version=Version(1, 31, 0))
    found = judge([finding("token_review_storm")], IN_TROUBLE, modern)
    assert "50 a second" not in found.answer
    assert "loop" not in {link.stage for link in found.chain}


def test_a_healthy_log_is_called_healthy_with_its_figures() -> None:
    found = judge([finding("list_storm", verdict=Verdict.REFUTED)], healthy(), PLANE)
    assert found.judged
    assert found.chain == ()
    assert found.answer.startswith("Nothing in this evidence overloads the API server")
    assert "10,000 requests" in found.answer


def test_trouble_without_a_cause_names_what_would_decide() -> None:
    open_question = finding(
        "list_storm", verdict=Verdict.UNDECIDED, undecided_by=("An audit rule for reads. See policy.",)
    )
    text = judge([open_question], IN_TROUBLE, PLANE).answer
    assert "does not show what causes it" in text
    assert "An audit rule for reads" in text or "an audit rule for reads" in text


def test_an_empty_window_is_not_judged() -> None:
    found = judge([], healthy(attempts=0), PLANE)
    assert not found.judged
    assert "no request" in found.answer


def test_a_handful_of_requests_is_called_too_few() -> None:
    found = judge([], healthy(attempts=3), PLANE)
    assert found.judged
    assert "3 requests are too few" in found.answer
