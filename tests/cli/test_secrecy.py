"""No token on any stream, in any format, in any cache."""

from pathlib import Path

import pytest

from snowpit import cli
from snowpit.ingest import cache as shelf
from support import logs

COMMANDS = (
    ["diagnose", "LOG"],
    ["diagnose", "LOG", "-o", "json"],
    ["diagnose", "LOG", "-o", "markdown"],
    ["top", "LOG", "--by", "subject,uri,user_agent"],
    ["sql", "LOG", "SELECT * FROM requests", "-o", "json"],
    ["sql", "LOG", "SELECT * FROM stored", "-o", "csv"],
    ["sql", "LOG", "SELECT * FROM nowhere"],
    ["diagnose", "LOG", "--where", "uri = nowhere"],
    ["compare", "LOG", "LOG"],
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_prints_a_token(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "LARGE", 0)
    path = str(logs.with_tokens(tmp_path / "a.log"))
    cache = tmp_path / "cache"
    cli.run(["snowpit", *(path if item == "LOG" else item for item in arguments), "--cache-dir", str(cache)])
    captured = capsys.readouterr()
    for part in logs.SECRET.split("."):
        assert part not in captured.out
        assert part not in captured.err
        kept = [file for file in cache.rglob("*") if file.is_file()]
        assert kept
        assert not any(part.encode() in file.read_bytes() for file in kept)


def test_the_reviewed_name_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(logs.with_tokens(tmp_path / "a.log"))
    cli.run(["snowpit", "top", path, "--by", "subject", "--no-cache", "-o", "csv"])
    assert "system:serviceaccount:a:b,60" in capsys.readouterr().out


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('{path}')",
        "SELECT * FROM read_csv('{path}')",
        "SELECT * FROM '{path}'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT getenv('HOME')",
        "ATTACH '{path}.db'",
        "COPY requests TO '{path}.out'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT * FROM read_parquet('https://example.com/x')",
    ],
)
def test_sql_reaches_neither_files_nor_network_nor_settings(
    statement: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = logs.healthy(tmp_path / "a.log", 20)
    other = tmp_path / "other.csv"
    other.write_text("top,secret\n")
    assert cli.run(["snowpit", "sql", "--no-cache", str(path), statement.format(path=other)]) == 64
    assert "secret" not in capsys.readouterr().out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.log", "other.csv"]
