"""Evidence to page, byte for byte. ``make golden`` writes the pages anew; the diff is read before it is committed."""

import contextlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from snowpit.report import as_json, markdown, text
from snowpit.report.build import build
from snowpit.report.case import Case
from snowpit.report.text import Style
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source
from support import logs
from support.program import BUNDLED

HERE = Path(__file__).parent


def at_width(width: int) -> Callable[[Case], str]:
    return lambda case: text.render(build(case), Style(width=width))


MEDIA: dict[str, Callable[[Case], str]] = {
    "80.txt": at_width(80),
    "120.txt": at_width(120),
    "ascii.txt": lambda case: text.render(build(case), Style(width=80, unicode=False)),
    "colour.txt": lambda case: text.render(build(case), Style(width=80, colour=True)),
    "json": as_json.render,
    "md": lambda case: markdown.render(build(case)),
}
MADE: dict[str, Callable[[Path], Path]] = {
    "healthy": logs.healthy,
    "hostile": logs.hostile,
    "tokens": logs.with_tokens,
    "few": lambda path: logs.healthy(path, 3),
}
GOLDEN = [
    *(("real-1.13.5", medium) for medium in ("80.txt", "120.txt", "json", "md")),
    *(("healthy", medium) for medium in ("80.txt", "json")),
    *(("hostile", medium) for medium in ("80.txt", "ascii.txt", "colour.txt", "md")),
    ("tokens", "json"),
    ("few", "80.txt"),
]


@cache
def judged(name: str, folder: Path) -> Case:
    """The case of one piece of evidence, named as seen from its own folder."""
    path = BUNDLED if name not in MADE else MADE[name](folder / "audit.log")
    with contextlib.chdir(path.parent):
        return run(Question(source=Source(paths=[path.name])))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("golden")


@pytest.mark.parametrize(("name", "medium"), GOLDEN)
def test_the_page_is_as_it_was(name: str, medium: str, folder: Path, request: pytest.FixtureRequest) -> None:
    printed = MEDIA[medium](judged(name, folder)).encode()
    golden = HERE / f"{name}.{medium}"
    if request.config.getoption("--update-golden"):
        golden.write_bytes(printed)
    assert printed == golden.read_bytes(), "if that is meant: make golden, and read the diff"


def test_no_golden_page_is_left_over() -> None:
    kept = {path.name for path in HERE.iterdir() if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert kept == {f"{name}.{medium}" for name, medium in GOLDEN}
