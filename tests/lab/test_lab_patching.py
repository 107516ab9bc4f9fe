"""Patches: the examples of RFC 7386, the directives of strategic merge, and no patch that changes what it is given."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.lab.api.bodies import RefusedError
from snowpit.lab.api.patching import json_patch, merge_patch, strategic_merge

RFC_7386 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("before", "patch", "after"), RFC_7386)
def test_merge_patches_of_the_rfc(
    before: dict[str, Any], patch: dict[str, Any], after: dict[str, Any]
) -> None:
    assert merge_patch(before, patch) == after


ONE, TWO = {"name": "a", "image": "x"}, {"name": "b", "image": "y"}


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({"containers": [ONE]}, {"containers": [TWO]}, {"containers": [ONE, TWO]}),
        (
            {"containers": [ONE]},
            {"containers": [{"name": "a", "tty": True}]},
            {"containers": [{**ONE, "tty": True}]},
        ),
        (
            {"containers": [ONE, TWO]},
            {"containers": [{"name": "a", "$patch": "delete"}]},
            {"containers": [TWO]},
        ),
        ({"command": ["a"]}, {"command": ["b"]}, {"command": ["b"]}),
        ({"strategy": {"a": 1, "b": 2}}, {"strategy": {"$patch": "replace", "c": 3}}, {"strategy": {"c": 3}}),
        ({"strategy": {"a": 1}}, {"strategy": {"$patch": "delete"}}, {"strategy": {}}),
        (
            {"strategy": {"a": 1, "b": 2}},
            {"strategy": {"$retainKeys": ["b", "c"], "c": 3}},
            {"strategy": {"b": 2, "c": 3}},
        ),
        ({"finalizers": ["a", "b"]}, {"finalizers": ["b", "c"]}, {"finalizers": ["a", "b", "c"]}),
        ({"finalizers": ["a", "b"]}, {"$deleteFromPrimitiveList/finalizers": ["a"]}, {"finalizers": ["b"]}),
        ({"containers": [ONE]}, {"$setElementOrder/containers": [{"name": "a"}]}, {"containers": [ONE]}),
        (
            {"ports": [{"containerPort": 1}]},
            {"ports": [{"containerPort": 2}]},
            {"ports": [{"containerPort": 1}, {"containerPort": 2}]},
        ),
        (
            {"ports": [{"port": 1}]},
            {"ports": [{"port": 1, "name": "x"}]},
            {"ports": [{"port": 1, "name": "x"}]},
        ),
        ({"volumes": None}, {"volumes": [{"name": "v"}]}, {"volumes": [{"name": "v"}]}),
    ],
)
def test_strategic_merge(before: dict[str, Any], patch: dict[str, Any], after: dict[str, Any]) -> None:
    assert strategic_merge(before, patch) == after


NAMES = st.sampled_from(
    ["a", "b", "conditions", "type", "name", "containers", "finalizers", "$patch", "ports", "port"]
)
VALUES = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from(["delete", "replace", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)


@given(OBJECTS, OBJECTS)
def test_no_patch_changes_what_it_is_given(before: dict[str, Any], patch: dict[str, Any]) -> None:
    kept, asked = copy.deepcopy(before), copy.deepcopy(patch)
    for apply in (merge_patch, strategic_merge):
        apply(before, patch)
        assert (before, patch) == (kept, asked)


@given(
    OBJECTS,
    st.lists(
        st.fixed_dictionaries({"op": st.just("add"), "path": st.just("/a"), "value": VALUES}), max_size=2
    ),
)
def test_a_json_patch_adds_and_leaves_its_object(before: dict[str, Any], patch: list[dict[str, Any]]) -> None:
    kept = copy.deepcopy(before)
    after = json_patch(before, patch)
    assert before == kept
    assert after == (before | {"a": patch[-1]["value"]} if patch else before)


def test_patches_nested_too_deep_are_refused() -> None:
    patch: dict[str, Any] = {}
    for _ in range(200):
        patch = {"a": patch}
    for apply in (merge_patch, strategic_merge):
        with pytest.raises(RefusedError):
            apply({}, patch)
