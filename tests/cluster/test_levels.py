"""Priority levels: seats by version as the server divides them, and who lands where."""

import pytest

from snowpit.cluster.change import set_parameter
from snowpit.cluster.control_plane import simulated
from snowpit.cluster.flow_schemas import level_of, levels
from snowpit.knowledge.version import Version
from snowpit.mechanism.priority_levels import nominal_seats

NODE = "system:nodes,system:authenticated"
APP = "system:serviceaccounts,system:serviceaccounts:shop,system:authenticated"
ADDON = "system:serviceaccounts,system:serviceaccounts:kube-system,system:authenticated"


def seats(version: str) -> dict[str, int]:
    plane = simulated(Version.parse(version))
    if not plane.flag("priority_and_fairness"):
        plane = set_parameter(plane, "priority_and_fairness", raw=True, source="flag", place="test")
    found = [level for level in levels(plane) if level.shares >= 0]
    everything = sum(level.shares for level in found)
    return {level.name: nominal_seats(600, level.shares, everything) for level in found}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.18.0", {"system": 90, "leader-election": 30, "workload-high": 120, "workload-low": 60, "global-default": 299, "catch-all": 3}),
        ("1.20.0", {"system": 88, "leader-election": 30, "workload-high": 118, "workload-low": 293, "global-default": 59, "catch-all": 15}),
        ("1.22.0", {"system": 74, "node-high": 98, "leader-election": 25, "workload-high": 98, "workload-low": 245, "global-default": 49, "catch-all": 13}),
    ],
)  # fmt: skip
def test_six_hundred_seats_are_divided_as_the_server_does(version: str, expected: dict[str, int]) -> None:
    assert seats(version) == expected


def test_the_in_flight_gate_has_no_levels() -> None:
    plane = simulated(Version(1, 19))
    assert levels(plane) == ()
    assert level_of(plane, user="a", groups=NODE, resource="nodes", verb="patch") == ""


@pytest.mark.parametrize(
    ("version", "user", "groups", "resource", "verb", "level"),
    [
        ("1.20.0", "system:node:a", NODE, "tokenreviews", "create", "system"),
        ("1.20.0", "system:node:a", NODE, "leases", "update", "system"),
        ("1.22.0", "system:node:a", NODE, "leases", "update", "node-high"),
        ("1.22.0", "system:node:a", NODE, "nodes", "patch", "node-high"),
        ("1.22.0", "system:node:a", NODE, "tokenreviews", "create", "system"),
        ("1.22.0", "admin", "system:masters,system:authenticated", "pods", "list", "exempt"),
        ("1.22.0", "system:kube-scheduler", "system:authenticated", "leases", "update", "leader-election"),
        ("1.22.0", "system:kube-scheduler", "system:authenticated", "pods", "list", "workload-high"),
        ("1.22.0", "system:serviceaccount:kube-system:a", ADDON, "pods", "list", "workload-high"),
        ("1.22.0", "system:serviceaccount:kube-system:a", ADDON, "leases", "update", "leader-election"),
        ("1.22.0", "system:serviceaccount:shop:a", APP, "leases", "update", "workload-low"),
        ("1.22.0", "alice", "system:authenticated", "pods", "list", "global-default"),
        ("1.22.0", "alice", "", "pods", "list", "catch-all"),
    ],
)
def test_a_request_lands_on_the_level_of_the_first_schema_that_fits(
    version: str, user: str, groups: str, *, resource: str, verb: str, level: str
) -> None:
    plane = simulated(Version.parse(version))
    assert level_of(plane, user=user, groups=groups, resource=resource, verb=verb) == level


def test_levels_lend_seats_from_1_26() -> None:
    lends = [
        {level.name: level.lendable_percent for level in levels(simulated(Version(1, minor)))}
        for minor in (25, 26)
    ]
    assert set(lends[0].values()) == {0}
    assert (lends[1]["system"], lends[1]["workload-low"], lends[1]["catch-all"]) == (33, 90, 0)
