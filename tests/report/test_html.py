"""The page as HTML: nothing that a scenario or evidence holds becomes markup."""

from html.parser import HTMLParser

from snowpit.report.content import Bullets, Code, Lines, Page, Paragraph, Section, Table
from snowpit.report.html import Picture, render

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


class Seen(HTMLParser):
    """Tags and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(page: Page, pictures: tuple[Picture, ...] = ()) -> Seen:
    found = Seen()
    found.feed(render(page, pictures))
    return found


def test_hostile_text_stays_text_in_every_block() -> None:
    blocks = (
        Section(
            HOSTILE,
            (
                Paragraph(HOSTILE),
                Bullets((HOSTILE,)),
                Code(f"one\n{HOSTILE}"),
                Table((HOSTILE,), ((HOSTILE,),)),
                Lines(((HOSTILE, (1.0, 2.0), HOSTILE),), "0", "1"),
            ),
            note=HOSTILE,
        ),
    )
    found = seen(Page(HOSTILE, blocks), (Picture(HOSTILE, b"<svg/>"),))
    assert "script" not in found.tags
    assert found.text.count("<script>alert(1)</script>\\x1b[31m\\u202e") >= 9
    assert "\x1b" not in found.text
    assert "\u202e" not in found.text


def test_the_page_loads_nothing_from_elsewhere() -> None:
    found = seen(Page("a", (Paragraph("b"),)), (Picture("c", b"<svg/>"),))
    assert [value for name, value in found.attributes if name == "src"] == [
        "data:image/svg+xml;base64,PHN2Zy8+"
    ]
    assert "href" not in dict(found.attributes)
    assert any(value and value.startswith("default-src 'none'") for _, value in found.attributes)


def test_lines_of_code_stay_lines() -> None:
    assert "one\ntwo" in seen(Page("a", (Code("one\ntwo"),))).text
