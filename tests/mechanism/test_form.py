"""The form of the mechanisms: examples run, and what is to be compiled stays in the subset that can be."""

import ast
import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import snowpit.mechanism as room

CLOSED_FORMS = {"queueing", "queueing_feedback", "limiter_laws", "cache_laws"}
NAMES = sorted(module.name for module in pkgutil.iter_modules(room.__path__))
COMPILED = sorted(set(NAMES) - CLOSED_FORMS)
FOR_PEOPLE = {"crowded_out"}
REFUSED = (
    ast.Raise, ast.Try, ast.Dict, ast.Set, ast.List, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp,
    ast.Yield, ast.JoinedStr, ast.Lambda, ast.With, ast.Import, ast.ImportFrom, ast.Starred,
)  # fmt: skip
PAGES = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "mechanisms"


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_mechanism_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"snowpit.mechanism.{name}")).failed == 0


@pytest.mark.parametrize("name", COMPILED)
def test_a_mechanism_keeps_to_what_a_compiler_takes(name: str) -> None:
    tree = ast.parse(Path(room.__path__[0], f"{name}.py").read_text("utf-8"))
    for function in (item for item in tree.body if isinstance(item, ast.FunctionDef)):
        if function.name in FOR_PEOPLE:
            continue
        assert not function.args.kwonlyargs, function.name
        assert not function.args.defaults, function.name
        found = [type(node).__name__ for node in ast.walk(function) if isinstance(node, REFUSED)]
        assert found == [], function.name


def test_every_mechanism_is_named_on_a_page() -> None:
    pages = "".join(page.read_text("utf-8") for page in PAGES.glob("*.md"))
    assert [name for name in NAMES if f"`mechanism.{name}`" not in pages] == []
