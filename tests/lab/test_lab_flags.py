import pytest

from snowpit.cluster.change import apply
from snowpit.cluster.control_plane import ControlPlane
from snowpit.cluster.scenario_file import load
from snowpit.errors import LabError
from snowpit.knowledge.version import Version
from snowpit.lab.flags import Files, Listen, command_line, settable
from support.shared import shared_data

LISTEN = Listen("127.0.0.1", 6443, "http://127.0.0.1:2379", 4)
FILES = Files("/lab/pki", "/lab/audit-policy.yaml", "/lab/audit.log")


def flags(version: str, **changes: object) -> dict[str, str]:
    scenario = apply(load("healthy-1.12"), "version", version)
    for key, value in changes.items():
        scenario = apply(scenario, key, value)  # type: ignore[arg-type]
    words = command_line(scenario.plane, LISTEN, FILES)
    return dict(word.removeprefix("--").split("=", 1) for word in words)


def test_flags_that_a_real_1_13_5_was_recorded_with_are_given_alike() -> None:
    line = (shared_data("real-apiserver", "1.13.5", "flags.txt").read_text().split("# ")[1]).splitlines()[1]
    recorded = dict(word[2:].split("=", 1) for word in line.split() if word.startswith("--"))
    made = flags("1.13.5")
    own = {"enable-swagger-ui", "audit-log-format"}  # defaults, or gone from later versions
    assert set(recorded) - own <= set(made)
    paths = {name for name, value in recorded.items() if "/" in value or "." in value} | {"secure-port"}
    same = set(recorded) - own - paths
    assert {name: made[name] for name in same} == {name: recorded[name] for name in same}


@pytest.mark.parametrize(
    ("version", "has", "lacks"),
    [
        ("1.12.4", {"basic-auth-file", "insecure-port"}, {"enable-priority-and-fairness", "feature-gates"}),
        ("1.18.20", {"basic-auth-file", "enable-priority-and-fairness"}, set()),
        ("1.19.0", {"insecure-port"}, {"basic-auth-file"}),
        ("1.20.0", {"enable-priority-and-fairness"}, {"insecure-port", "basic-auth-file"}),
        ("1.34.0", {"service-account-issuer", "service-account-signing-key-file"}, {"insecure-port"}),
    ],
)
def test_flags_follow_the_version(version: str, has: set[str], lacks: set[str]) -> None:
    found = flags(version)
    assert has <= set(found)
    assert not lacks & set(found)


def test_parameters_become_flags_and_no_limit_is_zero() -> None:
    found = flags("1.20.0", max_mutating_requests_inflight=2000, priority_and_fairness=False)
    assert found["max-mutating-requests-inflight"] == "2000"
    assert found["enable-priority-and-fairness"] == "false"
    assert not settable("priority_and_fairness", Version(1, 12, 4))


def test_without_a_policy_there_is_no_audit_log() -> None:
    words = command_line(load("healthy-1.12").plane, LISTEN, Files("/lab/pki"))
    assert not [word for word in words if "audit" in word]


def test_a_version_that_is_not_known_is_refused() -> None:
    with pytest.raises(LabError, match="not known"):
        command_line(ControlPlane(Version(1, 8, 0)), LISTEN, FILES)
