import json

from hypothesis import given
from hypothesis import strategies as st

from snowpit.model.observation import RequestClass
from snowpit.model.observation.patterns import ChangePoint
from snowpit.model.window import Window
from snowpit.report.as_json import plain
from snowpit.report.ascii_json import dumps


def test_instants_become_rfc_3339_and_durations_stay_numbers() -> None:
    change = ChangePoint(at=1_000_000, what="ok", before=1.0, after=2.0, first_class="x")
    assert plain(change)["at"] == "1970-01-01T00:00:01.000000Z"
    assert plain(Window(0, 2_500_000))["seconds"] == 2.5


def test_a_request_class_is_a_mapping() -> None:
    key = RequestClass("list", "", "pods", "")
    assert plain((key, 3)) == [{"verb": "list", "group": "", "resource": "pods", "subresource": ""}, 3]


def test_numbers_that_json_lacks_are_null() -> None:
    assert plain((float("nan"), float("inf"), 1.0)) == [None, None, 1.0]


@given(st.text())
def test_json_text_is_printable_ascii_and_keeps_its_value(text: str) -> None:
    shown = dumps({"x": text})
    assert shown.replace("\n", "").isascii()
    assert shown.replace("\n", "").isprintable()
    assert json.loads(shown) == {"x": text}
