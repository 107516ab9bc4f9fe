"""Markdown in which text from evidence is text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.report.content import Page, Paragraph, Table
from snowpit.report.markdown import escaped, render

UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|#~$&@!]")


@given(st.text(max_size=80))
def test_no_character_that_could_be_markup_stands_unescaped(text: str) -> None:
    assert not UNESCAPED.search(escaped(text))


@given(st.text(max_size=80))
def test_a_cell_stays_one_cell_of_one_line(text: str) -> None:
    lines = render(Page("p", (Table(("a", "b"), ((text, "x"),)),))).splitlines()
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", lines[-1])) == 3


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "[x](http://e)", "![x](http://e)", "@team", "# t", "1. x", "- x"]
)
def test_known_tricks_are_printed_as_they_are(text: str) -> None:
    printed = render(Page("p", (Paragraph(text),))).splitlines()[2]
    assert printed != text
    assert printed.replace("\\", "") == text


@given(st.text(max_size=80))
def test_a_backslash_stands_before_punctuation_only(text: str) -> None:
    rest = escaped(text).replace("\\\\", "")
    assert re.findall(r"\\[^!-/:-@\[-`{-~]", rest) == []


@pytest.mark.parametrize("text", ["1.2 s", "3 nodes", "100 %"])
def test_plain_figures_stay_plain(text: str) -> None:
    assert escaped(text) == text
