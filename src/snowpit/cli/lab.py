"""``snowpit lab``: a small control plane on this machine, in which a scenario happens and leaves real evidence."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from snowpit.cli.output import remark, style, write
from snowpit.cli.status_line import StatusLine
from snowpit.report import text
from snowpit.report.figures import seconds

DIVERGED = 1
MICROS = 1_000_000
SCALE = 0.1
ASSETS = "KUBEBUILDER_ASSETS"
"""Folder with ``kube-apiserver`` and ``etcd``, as setup-envtest makes one."""


@click.group("lab")
def command() -> None:
    """Rehearse a scenario with real requests, tokens, audit logs and metrics."""


@command.command("run")
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value, as for simulate; more than once.",
)
@click.option("--horizon", default="", metavar="TIME", help="How long to rehearse: 900s, 20m, 1h.")
@click.option(
    "--scale",
    type=click.FloatRange(0.0, 100.0, min_open=True),
    default=None,
    help="Populations and limits times this; ratios, and so the behaviour, stay. "
    "[default: 0.1; with real binaries 1]",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of all chance.")
@click.option(
    "--out", default="snowpit-lab", show_default=True, metavar="DIR", help="New folder for the evidence."
)
@click.option(
    "--time",
    "clock",
    type=click.Choice(("virtual", "wall")),
    default="virtual",
    show_default=True,
    help="In memory, an hour in minutes; or on sockets of this machine with TLS, an hour in an hour.",
)
@click.option(
    "--kube-apiserver",
    "apiserver",
    default="",
    metavar="PATH",
    help="A real kube-apiserver to take, on wall time.",
)
@click.option("--etcd", default="", metavar="PATH", help="A real etcd for it.")
@click.option(
    "--real", is_flag=True, help="Take real binaries, found in the folder that KUBEBUILDER_ASSETS names."
)
@click.option(
    "--audit-policy",
    default="",
    metavar="FILE",
    help="Audit policy of the API servers; one of the lab's own otherwise.",
)
@click.option(
    "--audit-webhook",
    type=click.Choice(("batch", "blocking")),
    default=None,
    help="Send audit events to a collector too, in batches or while each request waits.",
)
@click.option(
    "--check", is_flag=True, help="Diagnose the evidence, simulate the same, and compare the three."
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def run(
    *,
    scenario: str,
    overrides: tuple[str, ...],
    horizon: str,
    scale: float | None,
    seed: int,
    out: str,
    clock: str,
    apiserver: str,
    etcd: str,
    real: bool,
    audit_policy: str,
    audit_webhook: str | None,
    check: bool,
    quiet: bool,
) -> int:
    """Run SCENARIO (a preset of snowpit scenarios, or a TOML file) to its horizon.

    The folder then holds what a real control plane leaves behind: audit log, metrics once a minute, component log, audit
    policy; and record.jsonl: what was done when. Its pki folder holds throw-away keys and tokens. On wall time a kubeconfig lies
    there too, and kubectl can talk to the lab while it runs; everything listens on loopback addresses only.

    With real binaries the scenario takes their version. Their loopback limiter cannot be scaled, so --scale then changes ratios.

    Exit codes: 0 healthy or recovered, 1 stuck or overloaded (with --check also: the three disagree), 64 wrong usage.
    """
    from snowpit.cluster.scenario_file import load  # noqa: PLC0415 - once per subcommand, as below
    from snowpit.workflow import rehearsal  # noqa: PLC0415

    changed = (*overrides, f"horizon={horizon}") if horizon else overrides
    wanted = apiserver or etcd or real
    if wanted and (audit_policy or audit_webhook):
        raise click.UsageError("--audit-policy and --audit-webhook are for the lab's own API servers")
    binaries = rehearsal.real(apiserver, etcd, os.environ.get(ASSETS, "")) if wanted else None
    factor = scale or (SCALE if binaries is None else 1.0)
    auditing = rehearsal.auditing(audit_policy, audit_webhook or "")
    ready = rehearsal.prepared(load(scenario, overrides=changed), factor, binaries)
    view = _View(shown=not quiet and sys.stderr.isatty(), until_s=ready.horizon_s)
    folder = Path(out)
    on_wall = clock == "wall" or binaries is not None
    epoch = None if on_wall else round((time.time() - ready.horizon_s) * MICROS)
    try:
        found = rehearsal.study(
            ready, seed, folder=folder, epoch=epoch, seen=view, binaries=binaries, auditing=auditing
        )
    finally:
        view.close()
    from snowpit.report.rehearsal import build, compared  # noqa: PLC0415

    write(text.render(build(found), style()))
    remark(f"evidence in {out}; for instance: snowpit diagnose {' '.join(rehearsal.evidence(folder))}")
    if not check:
        return found.exit_code
    told = rehearsal.check(found, folder)
    write(compared(told.lab, told.simulator, told.cause, told.answer))
    return found.exit_code if told.lab is told.simulator else DIVERGED


IN = click.option(
    "--dir", "folder", default="snowpit-lab", show_default=True, metavar="DIR", help="Folder of the lab."
)
_SERVER = "apiserver-"


@command.command("set")
@click.argument("assignment", metavar="KEY=VALUE")
@IN
def change(assignment: str, folder: str) -> int:
    """Change a value of a lab that runs on wall time: max_mutating_requests_inflight=2000, metrics-server.credential=certificate."""
    key, equals, value = assignment.partition("=")
    if not equals:
        raise click.UsageError("write KEY=VALUE, for instance max_mutating_requests_inflight=2000")
    return _do(folder, {"action": "set", "key": _key(folder, key), "value": _scalar(value)})


@command.command("restart")
@click.argument("server", required=False, default="", metavar="[SERVER]")
@click.option("--down", default="5s", show_default=True, metavar="TIME", help="How long it is down.")
@IN
def restart(server: str, down: str, folder: str) -> int:
    """Restart an API server of a running lab (apiserver-0), or all of them."""
    return _do(folder, {"action": "restart", "down": down, **_which(server)})


@command.command("upgrade")
@click.argument("version")
@IN
def upgrade(version: str, folder: str) -> int:
    """Restart the API servers of a running lab with another version."""
    return _do(folder, {"action": "upgrade", "version": version})


@command.command("burst")
@click.argument("requests", type=click.IntRange(1))
@click.option("--clients", required=True, metavar="NAME", help="Population that calls.")
@click.option("--spread", default="1s", show_default=True, metavar="TIME", help="Within this time.")
@IN
def burst(requests: int, clients: str, spread: str, folder: str) -> int:
    """Let a population of a running lab make extra calls."""
    return _do(folder, {"action": "burst", "clients": clients, "requests": requests, "spread": spread})


@command.command("status")
@IN
def status(folder: str) -> int:
    """Show where a running lab is, and how its servers and populations stand, as JSON."""
    import json  # noqa: PLC0415

    from snowpit.workflow.rehearsal import tell  # noqa: PLC0415

    write(json.dumps(tell(Path(folder), "status", {}), indent=2) + "\n")
    return 0


@command.command("stop")
@IN
def stop(folder: str) -> int:
    """End a running lab; it still writes its page."""
    from snowpit.workflow.rehearsal import tell  # noqa: PLC0415

    tell(Path(folder), "stop", {})
    return 0


def _do(folder: str, event: dict[str, object]) -> int:
    from snowpit.report.visible import visible  # noqa: PLC0415
    from snowpit.workflow.rehearsal import tell  # noqa: PLC0415

    done = tell(Path(folder), "do", {"event": event})
    write(f"{visible(str(done['done']))} at {seconds(float(done['at_s']))}\n")
    return 0


def _key(folder: str, key: str) -> str:
    """The key path; a population or scraper may stand without the word before it."""
    from snowpit.workflow.rehearsal import tell  # noqa: PLC0415

    name = key.partition(".")[0]
    populations = tell(Path(folder), "status", {})["populations"]
    if name not in populations:
        return key
    return f"scrapers.{key}" if f"{name}/tokenreviews" in populations else f"clients.{key}"


def _which(server: str) -> dict[str, object]:
    if not server:
        return {}
    number = server.removeprefix(_SERVER)
    if not number.isdecimal():
        raise click.UsageError("name a server as apiserver-0")
    return {"server": int(number)}


def _scalar(text: str) -> bool | int | float | str:
    from snowpit.cluster.assemble import scalar  # noqa: PLC0415

    return scalar(text)


class _View:
    """One line of a terminal: where the lab is, and how its servers stand."""

    def __init__(self, *, shown: bool, until_s: float) -> None:
        self._line, self._shown, self._until_s = StatusLine(sys.stderr), shown, until_s

    def __call__(self, now: float, told: Sequence[object]) -> None:
        """Show the state after a bin."""
        if not self._shown:
            return
        found = [one for one in told if isinstance(one, dict)]
        held = sum(int(one.get("seats_mutating", 0)) for one in found)
        waits = max((float(one.get("throttle_wait_s", 0.0)) for one in found), default=0.0)
        refused = sum(int(one.get("rejected", 0)) for one in found)
        self._line.show(
            f"{seconds(now)} of {seconds(self._until_s)}: {held} write seats held, look-ups wait {seconds(waits)}, {refused:,} refused so far"
        )

    def close(self) -> None:
        """Wipe the line."""
        self._line.wipe()
