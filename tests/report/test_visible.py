import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from snowpit.report.visible import cells, shortened, visible


@given(st.text())
def test_visible_text_holds_nothing_that_moves_the_cursor_or_hides(text: str) -> None:
    for char in visible(text):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(alphabet=st.characters(whitelist_categories=["Lu", "Ll", "Nd", "Po"])))
def test_visible_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_escape_sequences_bidirectional_and_zero_width_characters_are_spelled_out() -> None:
    assert visible("\x1b[31m\u202e\u200b\ud800\x9b") == "\\x1b[31m\\u202e\\u200b\\ud800\\x9b"


@given(st.text(alphabet=st.characters(min_codepoint=47, max_codepoint=126)), st.integers(6, 80))
def test_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    short = shortened(text, width)
    assert cells(short) <= width
    if len(text) > width:
        head, tail = short.split("...", 1) if short.count("...") == 1 else (short[:1], short[-1:])
        assert text.startswith(head)
        assert text.endswith(tail)


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert cells("日本") == 4
    assert cells("e\u0301") == 1
