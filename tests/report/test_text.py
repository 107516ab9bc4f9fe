"""The page for a terminal: widths, colours, hostile text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.report.content import (
    Bar,
    Bullets,
    Chain,
    Code,
    Lines,
    Page,
    Paragraph,
    Section,
    Spark,
    Step,
    Table,
)
from snowpit.report.text import Style, bar, render, spark
from snowpit.report.visible import cells, shortened, visible

ANSI = re.compile(r"\x1b\[[0-9;]*m")
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)


def page(text: str) -> Page:
    """Every kind of block, with that text wherever text can stand."""
    return Page(
        text,
        (
            Section(
                text,
                (
                    Paragraph(text, "strong"),
                    Bullets((text, text), ordered=True),
                    Table((text, "n"), ((text, Bar(0.5)), (text, Spark((1.0, 2.0)))), shorten=frozenset({0})),
                    Chain((Step(text, text, known=False),)),
                    Lines(((text, (1.0, 0.0, 3.0), text),), text, text, 0.5, text),
                    Code(text),
                ),
                note=text,
            ),
        ),
    )


@given(ANYTHING)
def test_nothing_hostile_reaches_the_terminal(text: str) -> None:
    printed = render(page(text), Style(width=80))
    assert all(visible(line) == line for line in printed.splitlines())


@given(ANYTHING)
def test_with_colours_the_only_control_sequences_are_our_own(text: str) -> None:
    printed = ANSI.sub("", render(page(text), Style(width=80, colour=True))).splitlines()
    assert [line.rstrip() for line in printed] == render(page(text), Style(width=80)).splitlines()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_running_text_keeps_to_the_width(width: int) -> None:
    words = Page("", (Section("t", (Paragraph("word " * 200), Bullets(("word " * 100,)))),))
    assert max(map(len, render(words, Style(width=width)).splitlines())) <= width


def test_a_very_wide_terminal_is_not_filled() -> None:
    assert max(map(len, render(Page("", (Paragraph("word " * 200),)), Style(width=500)).splitlines())) <= 120


def test_long_names_in_tables_are_cut_in_the_middle_so_that_lines_fit() -> None:
    table = Table(
        ("name", "n"), (("start-" + "x" * 200 + "-end", "1"),), right=frozenset({1}), shorten=frozenset({0})
    )
    row = render(Page("", (table,)), Style(width=60)).splitlines()[1]
    assert len(row) <= 60
    assert row.startswith("start-")
    assert "..." in row
    assert "-end" in row


def test_without_block_characters_ascii_stands_in() -> None:
    printed = render(page("x"), Style(unicode=False))
    assert printed.isascii()


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=300), st.integers(1, 80))
def test_a_sparkline_is_never_wider_than_asked(values: list[float], width: int) -> None:
    assert len(spark(tuple(values), width)) == min(len(values), width)


def test_a_sparkline_shows_a_lone_peak_however_many_bins_are_merged() -> None:
    assert "█" in spark((0.0,) * 500 + (9.0,) + (0.0,) * 500, 30)


@given(st.floats(-1, 2))
def test_a_bar_stays_in_its_column_and_shows_what_is_not_nothing(share: float) -> None:
    length = len(bar(share, width=12))
    assert length <= 12
    assert (length > 0) == (share > 0)


@given(st.text(max_size=80).map(visible), st.integers(6, 40))
def test_a_shortened_text_fits_and_a_short_one_is_left_alone(text: str, width: int) -> None:
    if cells(text) <= width:
        assert shortened(text, width) == text
    elif text.isascii():
        assert cells(shortened(text, width)) <= width


@given(ANYTHING)
def test_visible_text_is_its_own_visible_form(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u200b", "\x9b", "\x07", "\r", "\u2028", "\ud800", "\U000e0041", "\ufeff"]
)
def test_hidden_characters_are_spelled_out(hidden: str) -> None:
    assert hidden not in visible(f"a{hidden}b")
    assert "\\" in visible(f"a{hidden}b")
