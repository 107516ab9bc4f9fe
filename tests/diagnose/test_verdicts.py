"""The first seven hypotheses: what fires, what stays silent, and twins that differ in a single fact."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest

from snowpit.cluster.control_plane import ControlPlane, build
from snowpit.diagnose.detectors import (
    access_review_storm,
    inflight_limit,
    invalid_tokens,
    list_storm,
    loopback_starvation,
    token_review_others,
    token_review_storm,
)
from snowpit.diagnose.registry import DETECTORS, HEADINGS, name_of
from snowpit.diagnose.trouble import trouble
from snowpit.knowledge.ranges import tables
from snowpit.knowledge.version import Version
from snowpit.model.finding import Verdict
from snowpit.model.observation import (
    Evenness,
    ListSource,
    Mode,
    Observed,
    RequestClass,
    Reviews,
    SeatKind,
    Subject,
)
from support.observed import healthy, seat_kind

OLD = build(version=Version(1, 12, 4))
NEW = build(version=Version(1, 31, 0))
REVIEW = RequestClass("create", "authentication.k8s.io", "tokenreviews", "")
SUBJECT = Subject(
    name="system:serviceaccount:kube-system:metrics-server",
    attempts=900,
    share=1.0,
    held_s=20_000.0,
    creators=1000,
)


def even(sources: int = 1000) -> Evenness:
    return Evenness(sources=sources, top="n1", top_share=1.2 / sources, gini=0.1, median=2.0)


def reviews(resource: str = "tokenreviews", kind: str = "node", **more: object) -> Reviews:
    """Reviews that time out at 30 s on 200 seats, most of the others refused."""
    base = Reviews(
        resource=resource,
        creator_kind=kind,
        attempts=2000,
        share=0.2,
        outcomes={"timed_out": 660, "rejected": 1340},
        rate=20.0,
        peak_rate=60,
        timed_out_per_s=6.6,
        held_s=19_800.0,
        held_share=0.97,
        p50_s=30.0,
        p90_s=30.0,
        max_s=30.1,
        mean_s=30.0,
        creators=even(),
        sources=even(),
        top_agents=(("kubelet/v1.12.4", 2000),),
        subjects=(SUBJECT,),
        distinct_subjects=1,
        subject_known=2000,
        invalid=0,
    )
    return replace(base, **more)  # type: ignore[arg-type]


def full_gate(**more: object) -> SeatKind:
    base = replace(
        seat_kind("mutating", rejected=1340),
        peak=200,
        plateau=200,
        plateau_s=90,
        plateau_share=0.95,
        rejected_on_plateau=0.99,
        held_s=20_000.0,
    )
    return replace(base, **more)  # type: ignore[arg-type]


def storm(item: Reviews | None = None, *, seats: SeatKind | None = None) -> Observed:
    quiet = healthy(rejected=1340, timed_out=660)
    mode = Mode(key=REVIEW, at_s=30.0, attempts=660, share=1.0, code=504, meaning="")
    return replace(
        quiet,
        seats=replace(quiet.seats, mutating=seats or full_gate()),
        reviews=(item or reviews(),),
        modes=(mode,),
    )


def others(**more: object) -> Observed:
    base = reviews(
        kind="other",
        creators=Evenness(
            sources=1, top="system:serviceaccount:istio-system:istiod", top_share=1.0, gini=0.0, median=2000.0
        ),
        top_agents=(("pilot-discovery/1.7", 2000),),
    )
    return storm(replace(base, **more))  # type: ignore[arg-type]


def access(**more: object) -> Observed:
    base = storm(reviews(resource="subjectaccessreviews", kind="other", attempts=6000))
    return replace(base, reviews=(replace(base.reviews[0], **more),))  # type: ignore[arg-type]


def bad_tokens(attempts: int = 4000, *, trouble: bool = True) -> Observed:
    quiet = healthy(timed_out=300) if trouble else healthy()
    few = Evenness(sources=3, top="10.0.0.7", top_share=0.6, gini=0.3, median=1000.0)
    logins = replace(
        quiet.logins,
        attempts=attempts,
        share=attempts / 10_000,
        peak_rate=60,
        bearer=attempts,
        sources=few,
        top_sources=(("10.0.0.7", attempts),),
    )
    return replace(quiet, logins=logins, policy=replace(quiet.policy, has_failures=True))


def limited(*, busy_s: int = 60, visible: bool = True, trouble: bool = True) -> Observed:
    quiet = healthy(timed_out=300) if trouble else healthy()
    loop = replace(
        quiet.loopback,
        visible=visible,
        secrets=1600 if visible else 0,
        serviceaccounts=1400 if visible else 0,
        distinct_secrets=300 if visible else 0,
        busy_rate=50.0 if visible else 0.0,
        busy_s=busy_s if visible else 0,
        repeated=2400 if visible else 0,
    )
    return replace(quiet, loopback=loop)


def listing(**more: object) -> Observed:
    quiet = healthy(rejected=800)
    agent = ListSource(
        user="system:serviceaccount:kube-system:calico",
        user_agent="calico/3.1",
        resource="pods",
        attempts=900,
        from_storage=900,
        held_s=20_000.0,
        p50_s=20.0,
        max_s=60.0,
    )
    lists = replace(
        quiet.lists,
        attempts=1000,
        held_share=0.95,
        from_storage=1000,
        rate=10.0,
        p50_s=20.0,
        p99_s=60.0,
        top=(agent,),
    )
    readonly = replace(
        seat_kind("readonly", rejected=800),
        peak=400,
        plateau=400,
        plateau_s=80,
        held_s=21_000.0,
        rejected_on_plateau=0.9,
    )
    return replace(
        quiet,
        lists=replace(lists, **more),  # type: ignore[arg-type]
        seats=replace(quiet.seats, mutating=seat_kind("mutating"), readonly=readonly),
    )


FIRES: tuple[tuple[str, ModuleType, Callable[[], Observed]], ...] = (
    ("reviews by 1,000 kubelets time out on all seats", token_review_storm, storm),
    ("reviews by a mesh time out on all seats", token_review_others, others),
    ("access reviews hold the seats", access_review_storm, access),
    ("4,000 failed logins while requests time out", invalid_tokens, bad_tokens),
    ("look-ups stand at 50 a second while requests time out", loopback_starvation, limited),
    ("refusals while 200 of 200 seats are held", inflight_limit, storm),
    ("slow LISTs of one agent hold the read-only seats", list_storm, listing),
)

TWINS: tuple[tuple[str, ModuleType, Callable[[], Observed]], ...] = (
    (
        "the same reviews, but they hold little seat time",
        token_review_storm,
        lambda: storm(reviews(held_share=0.1)),
    ),
    (
        "the same reviews, but one node asks",
        token_review_storm,
        lambda: storm(reviews(creators=Evenness(sources=40, top="n1", top_share=0.9, gini=0.9, median=5.0))),
    ),
    ("the same reviews by kubelets are not by others", token_review_others, storm),
    (
        "the same reviews, but they hold little seat time",
        token_review_others,
        lambda: others(held_share=0.05),
    ),
    (
        "the same access reviews as victims of other holders",
        access_review_storm,
        lambda: access(held_share=0.05),
    ),
    ("twenty failed logins instead of 4,000", invalid_tokens, lambda: bad_tokens(20)),
    ("the same burst of look-ups, over in 2 s", loopback_starvation, lambda: limited(busy_s=2)),
    (
        "the same full seats, but nobody is refused",
        inflight_limit,
        lambda: storm(seats=full_gate(rejected=0)),
    ),
    ("the same LISTs, but they are fast", list_storm, lambda: listing(p50_s=0.01, p99_s=0.05)),
    ("the same LISTs, but they hold little seat time", list_storm, lambda: listing(held_share=0.1)),
)


@pytest.mark.parametrize(
    ("case", "detector", "make"), FIRES, ids=lambda item: item if isinstance(item, str) else ""
)
def test_it_fires_when(case: str, detector: ModuleType, make: Callable[[], Observed]) -> None:
    finding = detector.detect(make(), OLD)
    assert finding.verdict is Verdict.SUPPORTED, case
    assert finding.evidence_for
    assert finding.remedies
    assert 0 < finding.strength <= 1
    assert 0 < finding.impact <= 1


@pytest.mark.parametrize(
    ("case", "detector", "make"), TWINS, ids=lambda item: item if isinstance(item, str) else ""
)
def test_its_twin_is_refuted(case: str, detector: ModuleType, make: Callable[[], Observed]) -> None:
    assert detector.detect(make(), OLD).verdict is Verdict.REFUTED, case


@pytest.mark.parametrize("detector", DETECTORS, ids=name_of)
@pytest.mark.parametrize("plane", [OLD, NEW, build(version=None)], ids=["1.12.4", "1.31.0", "unknown"])
@pytest.mark.parametrize("attempts", [0, 1, 10_000])
def test_nothing_is_supported_on_a_healthy_server(
    detector: ModuleType, plane: ControlPlane, attempts: int
) -> None:
    assert detector.detect(healthy(attempts), plane).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize("detector", DETECTORS, ids=name_of)
def test_every_detector_explains_itself_under_all_headings_in_order(detector: ModuleType) -> None:
    lines = (detector.__doc__ or "").splitlines()
    found = [line.strip().removesuffix(":") for line in lines if line.strip().removesuffix(":") in HEADINGS]
    assert tuple(found) == HEADINGS


@pytest.mark.parametrize("detector", DETECTORS, ids=name_of)
def test_every_detector_has_a_remedy_and_the_id_of_its_file(detector: ModuleType) -> None:
    assert detector.detect(healthy(), OLD).id == name_of(detector)
    assert any(name_of(detector) in raw["for"] for raw in tables("remedies.toml")["remedy"])


def test_a_review_storm_is_not_decided_by_refusals_alone() -> None:
    blind = reviews(
        outcomes={"rejected": 2000}, held_s=0.0, held_share=0.0, p50_s=None, p90_s=None, mean_s=None
    )
    finding = token_review_storm.detect(storm(blind), OLD)
    assert finding.verdict is Verdict.UNDECIDED
    assert any("tokenreviews" in text for text in finding.undecided_by)


def test_a_review_storm_is_found_without_subjects_and_says_how_to_see_them() -> None:
    finding = token_review_storm.detect(
        storm(reviews(subjects=(), distinct_subjects=0, subject_known=0)), OLD
    )
    assert finding.verdict is Verdict.SUPPORTED
    assert any("ONE kubelet" in text for text in finding.undecided_by)


def test_a_namespace_stands_for_many_reviewed_accounts() -> None:
    many = tuple(replace(SUBJECT, name=f"system:serviceaccount:bench:sa-{number:04}") for number in range(20))
    finding = token_review_storm.detect(storm(reviews(subjects=many, distinct_subjects=613)), OLD)
    assert finding.numbers["subjects"] == "system:serviceaccount:bench:* (613 ServiceAccounts)"


def test_without_a_limiter_the_storm_must_have_another_mechanism() -> None:
    against = token_review_storm.detect(storm(), NEW).evidence_against
    assert any("no limiter" in item.text for item in against)


def test_with_informer_and_limiter_only_invalid_tokens_or_a_cold_start_explain_the_storm() -> None:
    against = token_review_storm.detect(storm(), build(version=Version(1, 14, 2))).evidence_against
    assert any("Secret is gone" in item.text for item in against)


def test_the_limit_is_corrected_by_what_is_seen() -> None:
    finding = inflight_limit.detect(storm(seats=full_gate(peak=400, plateau=400)), OLD)
    assert "seems to be 400" in finding.claim


def test_starvation_is_undecided_where_the_lookups_are_not_logged() -> None:
    finding = loopback_starvation.detect(limited(visible=False), OLD)
    assert finding.verdict is Verdict.UNDECIDED
    assert "-v=4" in finding.undecided_by[0]


def test_starvation_is_undecided_where_nobody_is_seen_to_suffer() -> None:
    assert loopback_starvation.detect(limited(trouble=False), OLD).verdict is Verdict.UNDECIDED


def test_starvation_is_refuted_where_there_is_no_limiter() -> None:
    assert loopback_starvation.detect(limited(), NEW).verdict is Verdict.REFUTED


def test_a_token_flood_at_the_limiters_rate_is_undecided_while_its_harm_is_invisible() -> None:
    flood = bad_tokens(6000, trouble=False)
    small = replace(flood, traffic=replace(flood.traffic, attempts=100_000))
    assert invalid_tokens.detect(small, OLD).verdict is Verdict.UNDECIDED
    assert invalid_tokens.detect(small, NEW).verdict is Verdict.REFUTED


def test_failed_logins_that_are_most_of_a_fast_load_are_trouble_by_themselves() -> None:
    assert invalid_tokens.detect(bad_tokens(6000, trouble=False), NEW).verdict is Verdict.SUPPORTED


def test_a_short_incident_in_a_long_log_is_still_trouble() -> None:
    long = healthy(1_000_000, rejected=2000)
    calm = (100.0,) * 3600
    burst = (0.0,) * 1800 + (50.0,) * 40 + (0.0,) * 1760
    series = {"arrived": calm, "rejected": burst, "timed_out": (0.0,) * 3600}
    assert not trouble(long).real
    assert trouble(replace(long, timeline=replace(long.timeline, series=series))).real


def test_scattered_refusals_in_a_long_log_are_noise() -> None:
    long = healthy(1_000_000, rejected=360)
    series = {"arrived": (100.0,) * 3600, "rejected": (0.1,) * 3600, "timed_out": (0.0,) * 3600}
    assert not trouble(replace(long, timeline=replace(long.timeline, series=series))).real


def test_refused_evictions_are_no_full_gate() -> None:
    observed = storm()
    evictions = replace(
        observed.traffic.classes[0],
        key=RequestClass("create", "", "pods", "eviction"),
        outcomes={"rejected": 1340},
    )
    observed = replace(observed, traffic=replace(observed.traffic, classes=(evictions,)))
    assert inflight_limit.detect(observed, OLD).verdict is Verdict.REFUTED
