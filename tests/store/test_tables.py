"""The database shows what producers gave, and tells users what is wrong with a query."""

import stat

import pytest

from snowpit.errors import QueryError
from snowpit.store import Scratch, Tables, literal, quoted


def test_records_become_requests_with_derived_columns() -> None:
    with Tables() as tables:
        tables.append(
            [{"received": 5, "finished": 2_000_005, "verb": "create", "user": "system:node:n1", "code": 429}]
        )
        rows = tables.run("SELECT latency, mutating, node, outcome, client_kind, long_running FROM requests")
    assert rows == [(2_000_000, True, "n1", "rejected", "node", False)]


def test_a_restriction_survives_another_source_of_rows() -> None:
    with Tables() as tables:
        tables.append([{"received": moment} for moment in range(10)])
        tables.restrict("received >= ? AND received < ?", [3, 6])
        tables.show("SELECT * FROM rows WHERE received <> 4")
        assert tables.run("SELECT received FROM requests ORDER BY 1") == [(3,), (5,)]
        tables.restrict()
        assert tables.run("SELECT count(*) FROM requests") == [(9,)]


def test_a_wrong_restriction_changes_nothing() -> None:
    with Tables() as tables:
        tables.append([{"received": 1}])
        with pytest.raises(QueryError):
            tables.restrict("no_such_column = 1")
        assert tables.run("SELECT count(*) FROM requests") == [(1,)]


def test_a_refused_statement_names_its_reason_and_a_remedy() -> None:
    with Tables() as tables, pytest.raises(QueryError, match="nonsense") as error:
        tables.run("SELECT nonsense FROM requests")
    assert "snowpit sql --schema" in error.value.hint


def test_an_attempt_over_hostile_input_fails_in_silence() -> None:
    with Tables() as tables:
        assert tables.attempt("COPY (SELECT error('secret')) TO '/dev/null' (FORMAT csv)") is None
        assert tables.attempt(f"COPY (FROM range(7)) TO {literal(tables.directory / 'x.csv')}") == 7


def test_the_directory_is_private_and_gone_at_the_end() -> None:
    with Tables() as tables:
        directory = tables.directory
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert not directory.exists()


def test_names_and_strings_are_quoted() -> None:
    assert (quoted('a"b'), literal("it's")) == ('"a""b"', "'it''s'")


@pytest.mark.parametrize("anonymous", [True, False])
def test_a_scratch_gives_back_what_was_written(anonymous: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    if not anonymous:
        monkeypatch.delattr("os.memfd_create")
    scratch = Scratch()
    scratch.write(b"something long")
    scratch.reset()
    scratch.write(b"short")
    scratch.seal()
    assert (scratch.size, scratch.read(1, 3), scratch.read(5, 1), scratch.read(9, 1)) == (5, b"hor", b"", b"")
    with scratch.open() as file:
        assert file.read() == b"short"
    assert bool(scratch.path) is anonymous
    scratch.close()


def test_records_reach_the_tables_without_anonymous_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.memfd_create")
    with Tables() as tables:
        tables.append([{"received": 1}, {"received": 2}])
        assert tables.run("SELECT sum(received) FROM requests") == [(3,)]
        assert not (tables.directory / "records.json").exists()
