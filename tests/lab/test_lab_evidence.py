"""A lab's evidence is what snowpit reads without a reject, and what a real server of that version writes."""

import asyncio
import json
from itertools import count
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.cluster.change import apply
from snowpit.cluster.scenario_file import load
from snowpit.errors import LabError
from snowpit.ingest import read
from snowpit.knowledge.version import Version
from snowpit.lab import virtual
from snowpit.lab.api.info import request_info
from snowpit.lab.api.resources import table
from snowpit.lab.clock import Clock
from snowpit.lab.evidence import Evidence
from snowpit.lab.evidence.audit import RotatedLog
from snowpit.lab.evidence.metrics import Metrics
from snowpit.lab.evidence.policy import Level, Policy
from snowpit.lab.evidence.text import go
from snowpit.lab.exchange import Exchange, User
from snowpit.lab.inside import Inside
from snowpit.lab.setup import ServerSetup
from snowpit.lab.wire import Request, Response
from snowpit.store import Tables
from support.shared import shared_data

EPOCH = 1_767_225_600_000_000
VERSIONS = ["1.12.4", "1.13.5", "1.16.0", "1.18.0", "1.19.0", "1.22.0", "1.28.0", "1.34.0"]
NUMBERS = count(1)
NODE = User("system:node:n0", groups=("system:nodes", "system:authenticated"))


def exchange(
    agent: str = "kubelet/v1.12.4 (linux/amd64)", target: str = "", *, user: User | None = NODE
) -> Exchange:
    path = target or "/apis/authentication.k8s.io/v1beta1/tokenreviews"
    method = "GET" if target else "POST"
    headers = {"user-agent": agent, "authorization": "Bearer secret-token"}
    request = Request(method=method, path=path, headers=headers, target=path, port=41236)
    number = next(NUMBERS)
    found = Exchange(
        request=request,
        info=request_info(method, path, {}),
        arrived=0.0,
        audit_id=f"00000000-0000-4000-8000-{number:012}",
    )
    found.user, found.decision, found.handling = user, "allow", 0.0
    return found


def setup(version: str, folder: Path, policy: Path | None = None) -> ServerSetup:
    plane = apply(load("healthy-1.12"), "version", version).plane
    return ServerSetup(
        name="apiserver-0",
        address="127.0.0.1:6443",
        plane=plane,
        pki=folder,
        evidence=folder,
        audit_policy=policy,
    )


def written(folder: Path, version: str, *found: tuple[Exchange, int], seconds: float = 30.000912) -> None:
    """Evidence of requests that take a while, of a refusal, a wait and a failed authentication."""

    async def main() -> None:
        clock = Clock(asyncio.get_running_loop().time(), EPOCH)
        evidence = Evidence(setup(version, folder), clock)
        for item, _ in found:
            evidence.began(item, "RequestReceived")
        await asyncio.sleep(seconds)
        for item, code in found:
            response = Response(code, body=b'{"code":504}')
            if code == 504:
                evidence.terminated(item, "handler")
            if code == 429:
                evidence.dropped(item, "full")
            evidence.answered(item, response)
            evidence.sent(item, response)
        evidence.paced("GET", "https://127.0.0.1:6443/api/v1/namespaces/x/secrets/y", 3.04)
        evidence.authenticated(
            exchange(user=None), "error", 0.1, "[invalid bearer token, Token has been invalidated]"
        )
        evidence.cache(hit=True)
        evidence.looped("GET", "https://127.0.0.1:6443/api/v1/namespaces/x/secrets/y", 200, 0.002)
        evidence.stored("get", table(Version.parse(version))["", "secrets"], 0.002)
        inside = Inside(status={"seats_mutating": 3}, objects={"secrets": 7})
        (folder / "metrics.prom").write_bytes(evidence.expose(inside))
        evidence.close()

    virtual.run(main())


@pytest.mark.parametrize("version", VERSIONS)
def test_all_of_it_is_read_back_without_a_reject(version: str, tmp_path: Path) -> None:
    refused = exchange()
    refused.handling = None
    written(
        tmp_path,
        version,
        (exchange(), 504),
        (exchange(), 201),
        (refused, 429),
        (exchange("e2e", "/api/v1/nodes"), 200),
    )
    with Tables() as tables:
        coverage = read([str(tmp_path)], tables=tables)
        assert not [file for file in coverage.files if file.rejected], coverage
        assert version in {text for file in coverage.files for text in file.versions}
        log = next(file for file in coverage.files if file.path.endswith("apiserver.log"))
        assert log.events == 4, "every access line is a request, told twice with the audit log"
        codes = tables.run("SELECT stage, code, count(*) FROM requests GROUP BY ALL ORDER BY ALL")
        kinds = {row[0] for row in tables.run("SELECT DISTINCT kind FROM log_lines")}
        settings_ = tables.run("SELECT count(*) FROM settings WHERE key = 'max-mutating-requests-inflight'")
    ends = {(str(stage), code): number for stage, code, number in codes}
    for code in (200, 201, 429, 504):
        assert ends["ResponseComplete", code] == 1
    assert {"throttled", "authentication", "trace", "started"} <= kinds
    assert settings_[0][0] == 1


@pytest.mark.parametrize("version", ["1.13.5"])
def test_families_types_and_labels_are_those_of_a_real_server(version: str, tmp_path: Path) -> None:
    written(tmp_path, version, (exchange(), 201), (exchange(), 504))
    real = shared_data("real-apiserver", version, "metrics-after.prom").read_text()
    ours = (tmp_path / "metrics.prom").read_text()
    assert types(ours).items() <= types(real).items()
    names = labels(real)
    for name, found in labels(ours).items():
        assert found <= names[name], name


def types(text: str) -> dict[str, str]:
    return {line.split()[2]: line.split()[3] for line in text.splitlines() if line.startswith("# TYPE")}


def labels(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, rest = line.partition("{")
            pairs = rest.rpartition("}")[0]
            keys = {part.partition("=")[0].strip(",") for part in pairs.split('"') if part.endswith("=")}
            found.setdefault(name.split()[0], set()).update(keys)
    return found


@pytest.mark.parametrize(
    ("version", "api", "received"),
    [
        ("1.12.4", "audit.k8s.io/v1beta1", 12.0),
        ("1.13.5", "audit.k8s.io/v1", 12.0),
        ("1.20.0", "audit.k8s.io/v1", 0.0),
    ],
)
def test_events_have_the_form_and_the_clock_of_their_version(
    version: str, api: str, received: float, tmp_path: Path
) -> None:
    item = exchange()
    item.stamped = received
    written(tmp_path, version, (item, 504))
    events = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    assert [event["stage"] for event in events] == ["RequestReceived", "ResponseComplete"]
    last = events[-1]
    assert last["apiVersion"] == api
    assert ("metadata" in last) == (version == "1.12.4")
    assert last["requestReceivedTimestamp"] == f"2026-01-01T00:00:{received:09.6f}Z"
    assert last["stageTimestamp"] == "2026-01-01T00:00:30.000912Z"
    assert last["responseStatus"] == {"metadata": {}, "code": 504, "status": "Failure", "reason": "Timeout"}
    assert "secret-token" not in (tmp_path / "audit.log").read_text()


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=25, deadline=None)
def test_no_name_breaks_a_line(tmp_path_factory: pytest.TempPathFactory, agent: str, name: str) -> None:
    folder = tmp_path_factory.mktemp("lines")
    safe = name.encode("utf-8", "replace").decode()
    item = exchange(agent.encode("utf-8", "replace").decode(), f"/api/v1/namespaces/x/pods/{safe}")
    written(folder, "1.28.0", (item, 200))
    for line in (folder / "audit.log").read_bytes().splitlines():
        json.loads(line)
    log = (folder / "apiserver.log").read_text("utf-8", "replace")
    assert all(line[:1] in "IWEFT" for line in log.split("\n") if line)


RULES = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, users: ["system:node:quiet"]}
- {level: Request, resources: [{group: authentication.k8s.io, resources: [tokenreviews]}], userGroups: ["system:nodes"]}
- {level: Metadata, verbs: [get], resources: [{group: "", resources: ["pods/*"]}]}
- {level: None, nonResourceURLs: ["/healthz*"]}
- {level: RequestResponse, namespaces: [kube-system], resources: [{group: "", resources: [secrets], resourceNames: [one]}]}
"""


@pytest.mark.parametrize(
    ("method", "path", "user", "level"),
    [
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews", NODE, Level.REQUEST),
        (
            "POST",
            "/apis/authentication.k8s.io/v1/tokenreviews",
            User("system:node:quiet", groups=("system:nodes",)),
            Level.NONE,
        ),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews", User("x"), Level.NONE),
        ("GET", "/api/v1/namespaces/x/pods/p/log", User("x"), Level.METADATA),
        ("GET", "/api/v1/namespaces/x/pods/p", User("x"), Level.METADATA),  # as in checker.go
        ("GET", "/healthz/ping", User("x"), Level.NONE),
        ("GET", "/api/v1/namespaces/kube-system/secrets/one", User("x"), Level.REQUEST_RESPONSE),
        ("GET", "/api/v1/namespaces/kube-system/secrets/two", User("x"), Level.NONE),
    ],
)
def test_the_first_rule_that_fits_decides(method: str, path: str, user: User, level: Level) -> None:
    item = exchange(user=user)
    item.info = request_info(method, path, {})
    found, omitted = Policy(yaml.safe_load(RULES)).judge(item)
    assert (found, omitted) == (level, frozenset({"RequestReceived"}))


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"kind": "Policy"},
        {"kind": "Policy", "apiVersion": "audit.k8s.io/v1", "rules": [{"level": "All"}]},
        {"kind": "Policy", "apiVersion": "audit.k8s.io/v1", "rules": [{"level": "None", "users": "x"}]},
    ],
)
def test_what_is_no_policy_is_told(document: object) -> None:
    with pytest.raises(LabError):
        Policy(document)


def test_a_full_log_is_renamed_by_its_instant_and_old_ones_go(tmp_path: Path) -> None:
    async def main() -> None:
        log = RotatedLog(
            tmp_path / "audit.log", Clock(asyncio.get_running_loop().time(), EPOCH), size=100, kept=2
        )
        for _ in range(9):
            log.write(b"x" * 59 + b"\n")
            await asyncio.sleep(0.5)
        log.close()

    virtual.run(main())
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["audit-2026-01-01T00-00-03.500.log", "audit-2026-01-01T00-00-04.000.log", "audit.log"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())


def test_durations_are_those_of_go() -> None:
    assert [go(value) for value in (3675.5, 75.5, 60.0, 1.5, 0.25, 2e-6)] == [
        "1h1m15.5s",
        "1m15.5s",
        "1m0s",
        "1.5s",
        "250ms",
        "2µs",
    ]


@pytest.mark.parametrize(("version", "seen"), [("1.13.5", [0.0, 7.0]), ("1.19.0", [7.0, 6.0])])
def test_to_1_18_the_gauge_shows_a_seat_when_its_request_finishes(
    version: str, seen: list[float], tmp_path: Path
) -> None:
    async def main() -> list[float]:
        metrics = Metrics(setup(version, tmp_path), Clock(asyncio.get_running_loop().time(), EPOCH))
        item, found = exchange(), []
        metrics.admitted(item, 7)
        found.append(gauge(metrics.expose(Inside()).decode()))
        await asyncio.sleep(5)
        metrics.freed(item, 6)
        found.append(gauge(metrics.expose(Inside()).decode()))
        return found

    def gauge(text: str) -> float:
        name = "apiserver_current_inflight_requests{"
        return next(
            float(line.split()[-1])
            for line in text.splitlines()
            if line.startswith(name) and "mutating" in line
        )

    assert virtual.run(main()) == seen


def test_refusals_of_old_releases_count_apart_with_no_duration(tmp_path: Path) -> None:
    refused = exchange()
    refused.handling = None
    written(tmp_path, "1.13.5", (exchange(), 201), (refused, 429))
    text = (tmp_path / "metrics.prom").read_text()
    counts = {
        line.split("verb=")[1][1:5]: line.split()[-1]
        for line in text.splitlines()
        if "latencies_count" in line
    }
    assert counts == {"POST": "1", "CREA": "1"}


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"authorization": "Bearer x"}, "attempted: bearer"),
        ({}, "no credentials provided"),
        ({"authorization": "\x1b[31m x"}, "no credentials provided"),
    ],
)
def test_a_failed_authentication_says_what_was_tried(
    headers: dict[str, str], message: str, tmp_path: Path
) -> None:
    item = exchange(user=None)
    item.request.headers = headers
    written(tmp_path, "1.13.5", (item, 401))
    events = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    failed = [event for event in events if event["stage"] == "ResponseStarted"]
    assert [event["responseStatus"]["message"] for event in failed] == [f"Authentication failed, {message}"]
