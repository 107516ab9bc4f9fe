import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.report import markdown, text
from snowpit.report.content import (
    Bar,
    Block,
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
from snowpit.report.text import Style, bar, spark
from snowpit.report.visible import cells

HOSTILE = "a\x1b[2J\x07|`<script>alert(1)</script>[x](http://e)\u202e*b*\n# c"


def page(word: str) -> Page:
    blocks: tuple[Block, ...] = (
        Paragraph(word, "strong"),
        Bullets((word, "second"), ordered=True),
        Table(
            ("name", "n"),
            ((word, "1"), ("x", Bar(0.5)), ("y", Spark((0.0, 1.0)))),
            right=frozenset({1}),
            shorten=frozenset({0}),
        ),
        Chain((Step("trigger", word, known=True), Step("loop", "b", known=False))),
        Lines(((("arrived"), (1.0, 2.0), word),), "start", "end", 0.5, word),
        Code(word),
    )
    return Page("p", (Section(word, blocks, note=word),))


@pytest.mark.parametrize("colour", [True, False])
def test_no_escape_sequence_of_evidence_reaches_the_terminal(*, colour: bool) -> None:
    shown = text.render(page(HOSTILE), Style(colour=colour))
    assert "\x1b[2J" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert ("\x1b[" in shown) == colour


@given(st.text(max_size=300), st.integers(80, 120))
def test_prose_never_runs_over_the_width(word: str, width: int) -> None:
    shown = text.render(Page("p", (Paragraph(word), Bullets((word,)))), Style(width=width))
    wide = any(cells(char) != 1 for char in word)
    assert wide or all(cells(line) <= width for line in shown.splitlines())


def test_markdown_from_evidence_is_not_markup() -> None:
    shown = markdown.render(page(HOSTILE))
    outside_code = [line for line in shown.splitlines() if not line.startswith("    ")]
    for line in outside_code:
        bare = re.sub(r"\\.", "", line)
        assert "<" not in bare
        assert "](" not in bare
    rows = [line for line in outside_code if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {3}


def test_a_markdown_line_from_evidence_starts_no_list() -> None:
    assert markdown.escaped("- rm") == "\\- rm"
    assert markdown.escaped("1. x") == "1\\. x"


def test_a_series_is_drawn_with_its_largest_values() -> None:
    assert spark((0.0, 0.0, 9.0, 1.0), 2) == " █"
    assert spark((0.0, 0.0), 5) == "  "
    assert spark((), 5) == ""


@given(st.floats(0, 1))
def test_a_bar_shows_something_unless_there_is_nothing(share: float) -> None:
    assert (len(bar(share)) == 0) == (share == 0)
    assert len(bar(share)) <= text.BAR


def test_a_terminal_without_unicode_gets_ascii_drawings() -> None:
    shown = text.render(
        Page("p", (Table(("s", "b"), ((Spark((1.0, 2.0)), Bar(1.0)),)),)), Style(unicode=False)
    )
    assert shown.isascii()
