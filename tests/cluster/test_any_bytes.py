"""No bytes and no override make the reader fail other than by saying what is wrong."""

from hypothesis import given
from hypothesis import strategies as st

from snowpit.cluster.scenario_file import parse, source_text
from snowpit.errors import ScenarioError

WHOLE = source_text("incident-1.12").encode()
LINES = WHOLE.splitlines(keepends=True)
SCALARS = st.one_of(
    st.sampled_from(
        ["-1", "nan", "inf", "1e400", "true", '"x"', '"1s"', "[]", "[[]]", "{}", "2020-01-01", "9" * 30, '""']
    ),
    st.integers().map(str),
)
KEYS = st.sampled_from(
    [
        "name",
        "title",
        "summary",
        "model",
        "servers",
        "horizon",
        "bin",
        "control_plane",
        "control_plane.version",
        "kubelets",
        "kubelets.count",
        "kubelets.version",
        "kubelets.retry",
        "kubelets.retry.on",
        "kubelets.ok_ttl",
        "clients",
        "scrapers",
        "levels",
        "events",
        "switches",
        "switches.limiter_order",
        "heartbeats",
        "heartbeats.enabled",
        "parameters",
        "extends",
        "events_replace",
        "control_plane.loopback_qps",
        "control_plane.loopback_burst",
    ]
)


def message(data: bytes, *overrides: str) -> str:
    try:
        parse(data, place="file", stem="file", overrides=overrides)
    except ScenarioError as error:
        return error.message + error.hint
    return ""


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert message(data).isprintable()


@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.binary(max_size=20))
def test_a_damaged_file_is_read_or_refused(at: int, cut: int, put: bytes) -> None:
    assert message(WHOLE[:at] + put + WHOLE[at + cut :]).isprintable()


@given(st.lists(st.sampled_from(LINES), max_size=30))
def test_lines_of_a_file_in_any_order_are_read_or_refused(lines: list[bytes]) -> None:
    assert message(b"".join(lines)).isprintable()


@given(KEYS, SCALARS)
def test_any_value_at_any_key_is_read_or_refused(key: str, value: str) -> None:
    text = f'{key} = {value}\ncontrol_plane.version = "1.12"\nkubelets.count = 1\n'
    assert message(text.encode()).isprintable()
    assert message(f"{key} = {value}\n".encode()).isprintable()


@given(st.text(max_size=40), st.one_of(KEYS, st.text(max_size=12)), SCALARS)
def test_any_override_is_heeded_or_refused(text: str, key: str, value: str) -> None:
    assert message(WHOLE, text).isprintable()
    assert message(WHOLE, f"{key}={value}").isprintable()


def test_tables_that_lie_too_deep_are_refused() -> None:
    assert message(b"x = " + b"[" * 100_000)
    assert message(("a." * 5000 + "b = 1").encode())
