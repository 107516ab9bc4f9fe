"""What the program does as a whole: exit codes, streams, errors, start-up."""

import subprocess
import sys
from pathlib import Path

import pytest

from snowpit import cli
from snowpit.cli import COMMANDS
from support import logs


def called(*arguments: str, argv0: str = "snowpit") -> int:
    return cli.run([argv0, *arguments])


def test_without_arguments_it_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert called() == 0
    shown = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in shown] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_says_what_it_is_for(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(name, "--help") == 0
    assert capsys.readouterr().out.startswith(f"Usage: snowpit {name}")


def test_as_a_kubectl_plugin_it_calls_itself_so(capsys: pytest.CaptureFixture[str]) -> None:
    called("--help", argv0="/usr/local/bin/kubectl-snowpit")
    assert capsys.readouterr().out.startswith("Usage: kubectl snowpit")


def test_nothing_found_is_zero_and_goes_to_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("diagnose", "--no-cache", str(logs.healthy(tmp_path / "a.log"))) == 0
    captured = capsys.readouterr()
    assert "Nothing in this evidence overloads the API server" in captured.out
    assert captured.err == ""


def test_findings_are_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("demo") == 1
    captured = capsys.readouterr()
    assert "token_review_storm" in captured.out
    assert "snowpit diagnose" in captured.err


@pytest.mark.parametrize("content", ["", "no audit log at all\n", "\x00\x00\n"])
def test_evidence_without_an_event_is_two_with_a_hint(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "empty.log"
    path.write_text(content)
    assert called("diagnose", "--no-cache", str(path)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert "\nhint: " in captured.err


def test_a_missing_file_is_two_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("diagnose", "--no-cache", "/nonexistent/audit.log") == 2
    assert "/nonexistent/audit.log" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["diagnose"],
        ["diagnos", "x"],
        ["diagnose", "LOG", "--limits", "mutating=many"],
        ["diagnose", "LOG", "--limits", "writing=1"],
        ["diagnose", "LOG", "--server-version", "twelve"],
        ["diagnose", "LOG", "--since", "yesterday-ish"],
        ["diagnose", "LOG", "--since", "-1s", "--until", "-5s"],
        ["diagnose", "LOG", "--where", "no_such_column = 1"],
        ["diagnose", "LOG", "--where", "true; DROP TABLE rows"],
        ["diagnose", "LOG", "-o", "pdf"],
        ["top", "LOG"],
        ["top", "LOG", "--by", "colour"],
        ["top", "LOG", "--by", "user", "--per", "soon"],
        ["compare", "LOG"],
        ["sql", "LOG"],
        ["sql", "LOG", "DROP TABLE rows"],
        ["sql", "LOG", "SELECT 1; SELECT 2"],
        ["explain", "nothing-of-the-kind"],
        ["facts", "--version", "x"],
        ["policy", "--node", "a b"],
        ["completion", "tcsh"],
    ],
)
def test_wrong_usage_is_sixty_four_without_output(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(logs.healthy(tmp_path / "a.log", 20))
    no_cache = ["--no-cache"] if arguments[0] in ("diagnose", "top", "compare", "sql") else []
    given = [arguments[0], *no_cache, *(path if item == "LOG" else item for item in arguments[1:])]
    assert called(*given) == 64
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err
    assert "Traceback" not in captured.err


def test_a_defect_is_one_line_without_what_it_quotes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise ValueError(logs.SECRET)

    monkeypatch.delenv("SNOWPIT_DEBUG", raising=False)
    monkeypatch.setattr(cli.main, "main", broken)
    assert called("demo") == 2
    error = capsys.readouterr().err
    assert "internal error (ValueError)" in error
    assert logs.SECRET not in error


def test_ctrl_c_is_a_hundred_and_thirty(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.main, "main", stopped)
    assert called("demo") == 130


def test_a_closed_pipe_is_quiet() -> None:
    command = f"set -o pipefail; {sys.executable} -m snowpit facts | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert done.stderr.count("\n") <= 1
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr


def test_help_loads_neither_database_nor_commands() -> None:
    code = (
        "import sys; from snowpit import cli; cli.run(['snowpit', '--help']);"
        "print([m for m in sys.modules if m.split('.')[0] in ('duckdb', 'yaml', 'rich', 'isal', 'msgspec')"
        " or m.startswith(('snowpit.observe', 'snowpit.ingest'))], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stderr.strip() == "[]"


def test_a_diagnosis_loads_no_heavy_library(tmp_path: Path) -> None:
    path = logs.healthy(tmp_path / "a.log", 20)
    code = (
        f"import sys; from snowpit import cli; cli.run(['snowpit', 'diagnose', '--no-cache', {str(path)!r}]);"
        "print([m for m in ('numpy', 'pandas', 'pyarrow', 'rich', 'jinja2', 'asyncio') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stderr.strip() == "[]"


def test_a_full_disk_is_told_without_a_traceback() -> None:
    command = f"{sys.executable} -m snowpit facts > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert done.returncode == 2
    assert done.stderr.splitlines()[-2].startswith("error: No space left on device")


def test_a_closed_standard_output_is_no_defect() -> None:
    command = f"{sys.executable} -m snowpit policy --node n >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert (done.returncode, done.stderr) == (0, "")
