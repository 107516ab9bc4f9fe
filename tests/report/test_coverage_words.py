"""The coverage in words: information apart from cautions, clocks of sources, files beyond the first ones."""

from dataclasses import replace

from snowpit.cluster import build as control_plane
from snowpit.diagnose import diagnose
from snowpit.knowledge.version import Version
from snowpit.model.evidence import Coverage, FileCoverage
from snowpit.model.observation import ClockOffset
from snowpit.report import coverage
from snowpit.report.case import Case
from snowpit.report.content import Page
from snowpit.report.text import Style, render
from support.observed import healthy

CLOCK = ClockOffset(source="log", reference="audit", basis="audit ID", pairs=9, offset_s=-2.0, spread_s=0.25)


def told(*files: FileCoverage, clocks: tuple[ClockOffset, ...] = ()) -> str:
    observed = replace(healthy(), clocks=clocks)
    plane = control_plane(version=Version.parse("1.12.4"), version_source="flag")
    case = Case(diagnosis=diagnose(observed, plane), coverage=Coverage(files), observed=observed, plane=plane)
    page = render(Page("", (coverage.section(case),)), Style(width=120, unicode=False))
    return " ".join(page.split())


def test_how_times_were_taken_is_no_caution() -> None:
    text = told(FileCoverage(path="a", notes=["the year 2026 is inferred from the file's own time"]))
    assert "How times and names were taken - a: the year 2026" in text
    assert "with care" not in text


def test_what_was_lost_is_a_caution() -> None:
    text = told(FileCoverage(path="a", notes=["sparse file b was left out"]))
    assert "with care ! a: sparse file b was left out" in text
    assert "How times" not in text


def test_clocks_that_are_apart_are_told_with_their_basis() -> None:
    assert "log is 2.0 s behind audit, give or take 250 ms (9 pairs by audit ID)" in told(clocks=(CLOCK,))


def test_without_offsets_nothing_is_said_of_clocks() -> None:
    assert "Clocks" not in told(FileCoverage(path="a"))


def test_samples_of_files_beyond_the_first_are_counted() -> None:
    files = [FileCoverage(path=str(number), event_lines=3, rows={"metrics": 3}) for number in range(9)]
    assert (
        "and 3 more files: 0 B, 0 lines = 9 read + 0 empty + 0 other + 0 rejected; 9 metric samples"
        in told(*files)
    )
