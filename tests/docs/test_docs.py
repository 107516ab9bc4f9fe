"""Pages are complete, up to date, and their examples run."""

import json
import re
import sys
from pathlib import Path

import pytest

from snowpit.cli import COMMANDS
from snowpit.diagnose.registry import DETECTORS, HEADINGS, name_of
from snowpit.knowledge.facts import load
from snowpit.model.request import COLUMNS
from snowpit.observe import OBSERVATIONS

DOCS = Path(__file__).resolve().parents[2] / "docs"
sys.path.insert(0, str(DOCS))
import examples  # type: ignore[import-not-found]  # noqa: E402 - a script beside the pages
import generate  # type: ignore[import-not-found]  # noqa: E402

PAGES = sorted(DOCS.rglob("*.md"))
EXAMPLES = [(page, command, shown) for page in examples.written() for command, shown in examples.blocks(page)]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def reference(page: str) -> str:
    return (DOCS / "reference" / page).read_text("utf-8")


@pytest.mark.parametrize(
    ("path", "text"), generate.pages().items(), ids=lambda value: getattr(value, "name", "")
)
def test_generated_pages_are_up_to_date(path: Path, text: str) -> None:
    assert path.read_text("utf-8") == text, "run: make docs"


def test_no_generated_page_is_left_over() -> None:
    ids = {f"{name_of(module)}.md" for module in DETECTORS} | {"index.md"}
    assert {path.name for path in (DOCS / "reference" / "detectors").iterdir()} == ids


@pytest.mark.parametrize(
    ("page", "headings"),
    [
        ("commands.md", [f"\n## snowpit {name}\n" for name in COMMANDS]),
        ("observations.md", [f"\n## {item.name}\n" for item in OBSERVATIONS]),
        ("facts.md", [f"\n## {fact.id}\n" for fact in load()]),
        ("columns.md", [f"\n| `{column.name}` |" for column in COLUMNS]),
        ("exit-codes.md", [f"\n| {code} |" for code in (0, 1, 2, 64, 130)]),
    ],
)
def test_everything_has_its_place_in_the_reference(page: str, headings: list[str]) -> None:
    text = reference(page)
    assert [heading for heading in headings if heading not in text] == []


@pytest.mark.parametrize("module", DETECTORS, ids=name_of)
def test_every_detector_has_a_page_with_all_headings(module: object) -> None:
    text = reference(f"detectors/{name_of(module)}.md")  # type: ignore[arg-type]
    assert [heading for heading in HEADINGS if f"\n## {heading}\n" not in text] == []


def test_the_page_on_json_names_every_key_of_the_report() -> None:
    page = reference("json.md")
    assert [key for key in generate.report_schema.schema()["properties"] if f"`{key}`" not in page] == []


def test_the_page_on_json_names_every_key_of_a_simulation() -> None:
    page = reference("json.md")
    schema = json.loads(generate.SCHEMA.with_name("simulation-v1.json").read_text("utf-8"))
    assert [key for key in schema["properties"] if f"`{key}`" not in page] == []


def test_the_page_on_json_names_every_key_of_a_forecast() -> None:
    page = reference("json.md")
    schema = json.loads(generate.SCHEMA.with_name("forecast-v1.json").read_text("utf-8"))
    assert [key for key in schema["properties"] if f"`{key}`" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_can_be_reached_from_the_index() -> None:
    seen, todo = set(), [DOCS / "index.md"]
    while todo:
        page = todo.pop().resolve()
        if page not in seen and page.suffix == ".md":
            seen.add(page)
            todo += [page.parent / target for target in LINK.findall(page.read_text("utf-8"))]
    assert [page.name for page in PAGES if page.resolve() not in seen] == []


@pytest.mark.parametrize(("page", "command", "shown"), EXAMPLES, ids=lambda value: getattr(value, "name", ""))
def test_examples_print_what_the_page_shows(page: Path, command: str, shown: str) -> None:
    assert shown == examples.expected(command, shown), f"run: make docs ({page.name})"


def test_no_example_is_overlooked() -> None:
    shown = sum(page.read_text("utf-8").count("```console") for page in PAGES)
    assert shown == len(EXAMPLES) >= 3
