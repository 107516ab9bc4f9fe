"""No credential in the table or the cache, however it is spelled and wherever it stands."""

import json
from pathlib import Path

import pytest

from snowpit.ingest import cache as shelf
from support.logs import SECRET as WEB_TOKEN
from support.program import event, snowpit

TOKEN = "b3BhcXVlLXRva2VuLW9mLWEtdXNlcg"  # noqa: S105 - what must not leak

SPELLINGS = (
    f"/x?protocol=base64url.bearer.authorization.k8s.io.{TOKEN}",
    f"/x?api_key={TOKEN}",
    f"/x?apikey={TOKEN}&a=b",
    f"/x?se=2024&sig={TOKEN}",
    f"curl Authorization: Basic {TOKEN}",
    f"curl authorization: {TOKEN}",
    f"curl token: {TOKEN}",
    f"base64url.bearer.authorization.k8s.io.{TOKEN}, channel.k8s.io",
    f"/x?passphrase={TOKEN}&pwd={TOKEN}&access_key={TOKEN}&private-key={TOKEN}",
    f"/x?X-Amz-Credential={TOKEN}&code={TOKEN}&key={TOKEN}&session={TOKEN}",
    f"/x?container=c&command=mysql&command=-p{TOKEN}",
    f"/x?to=https://me:{TOKEN}@host/",
    f"/x?to=https%3A%2F%2Fme%3A{TOKEN}%40host%2F",
    f"/x?to=https%3a%2f%2fme%3a%252F{TOKEN}%40host%2f",
    f"bot/1 (+https://me:p@{TOKEN}@host/about)",
    f"bot/1 https://{TOKEN}@host",
)


@pytest.mark.parametrize("prefix", ["", "host-1 "], ids=["fast", "tolerant"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_of_credentials_are_blanked(
    spelling: str, prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "audit.log"
    line = event(1, userAgent=spelling, requestURI=spelling, objectRef=None)
    path.write_text("".join(f"{prefix}{one}\n" for one in (event(0), line, event(2))))
    ran = snowpit(capsys, "sql", "--no-cache", "-o", "json", str(path), "SELECT * FROM requests")
    assert ran.code == 0
    assert TOKEN not in ran.out
    assert "REDACTED" in ran.out


@pytest.mark.parametrize(
    "agent",
    [
        "bot/1 (+https://example.com/about; ops@example.com)",
        "https://issuer.example.com#alice@example.com",
        "bot/1 //host@place http:/a@b",
        "monkey=3 design=4 encode=5",
    ],
)
def test_addresses_without_user_and_words_that_only_end_alike_are_kept(
    agent: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "audit.log"
    path.write_text(event(0, userAgent=agent) + "\n")
    ran = snowpit(capsys, "sql", "--no-cache", "-o", "json", str(path), "SELECT user_agent FROM requests")
    assert json.dumps(agent) in ran.out


def test_names_with_words_of_credentials_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "audit.log"
    names = ["system:serviceaccount:secret:default-application", "system:serviceaccount:a:token-controller-x"]
    path.write_text("".join(event(at, user={"username": name}) + "\n" for at, name in enumerate(names)))
    ran = snowpit(capsys, "sql", "--no-cache", "-o", "csv", str(path), 'SELECT "user" FROM requests')
    assert ran.out.split() == ["user", *names]


@pytest.mark.parametrize("field", ["stage", "level"])
def test_rows_that_do_not_count_keep_no_credential_in_the_cache(
    field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "LARGE", 0)
    path = tmp_path / "audit.log"
    lines = [event(number) for number in range(20)] + [json.dumps(json.loads(event(21)) | {field: WEB_TOKEN})]
    path.write_text("\n".join(lines) + "\n")
    cache = tmp_path / "cache"
    snowpit(capsys, "diagnose", "--cache-dir", str(cache), str(path))
    kept = [file for file in cache.rglob("*.parquet") if file.is_file()]
    assert kept
    assert not any(part.encode() in file.read_bytes() for file in kept for part in WEB_TOKEN.split("."))


def test_a_statement_that_is_no_text_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "audit.log"
    path.write_text(event(0) + "\n")
    ran = snowpit(capsys, "sql", "--no-cache", str(path), "SELECT '\udcff'")
    assert ran.code == 64
    assert "UTF-8" in ran.err


@pytest.mark.parametrize("prefix", ["", "host-1 "], ids=["fast", "tolerant"])
@pytest.mark.parametrize("field", ["stage", "level"])
def test_words_of_closed_lists_carry_nothing_else(
    field: str, prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "audit.log"
    path.write_text("".join(f"{prefix}{one}\n" for one in (event(0), event(1, **{field: TOKEN}), event(2))))
    ran = snowpit(capsys, "sql", "--no-cache", "-o", "json", str(path), "SELECT * FROM requests")
    assert ran.out
    assert TOKEN not in ran.out
