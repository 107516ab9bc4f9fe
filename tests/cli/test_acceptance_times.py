"""One event with a wrong clock does not spoil the diagnosis of the others."""

from pathlib import Path

import pytest

from support.program import event, snowpit

WRONG = {
    "near the epoch": {"requestReceivedTimestamp": "1970-01-01T00:00:00.000001Z"},
    "far in the future": {"requestReceivedTimestamp": "9999-12-31T23:59:59.999999Z"},
    "ends far in the future": {"stageTimestamp": "9999-12-31T23:59:59.999999Z"},
    "the year one": {"requestReceivedTimestamp": "0001-01-01T00:00:00Z"},
    "ends in two hundred years": {"stageTimestamp": "2200-12-31T23:59:59Z"},
}


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("wrong", list(WRONG))
def test_one_impossible_time_is_survived(
    wrong: str, output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "audit.log"
    lines = [event(number) for number in range(20)]
    lines.insert(10, event(99, **WRONG[wrong]))
    path.write_text("\n".join(lines) + "\n")
    ran = snowpit(capsys, "diagnose", "--no-cache", "-o", output, str(path))
    assert (ran.code, ran.err) == (0, "")
