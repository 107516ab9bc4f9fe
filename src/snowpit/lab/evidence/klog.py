"""The component log of one server, line by line as its version writes it.

Forms and verbosity by version: kubernetes/apiserver pkg/server/httplog/httplog.go, client-go rest/request.go,
pkg/server/filters/priority-and-fairness.go 1.12 to 1.34; lines of 1.13.5 were recorded.
"""

from pathlib import Path

from snowpit.knowledge.version import Version
from snowpit.lab.clock import Clock
from snowpit.lab.evidence.audit import RotatedLog
from snowpit.lab.evidence.text import escaped, go, plain
from snowpit.lab.evidence.traces import Traces
from snowpit.lab.exchange import Exchange
from snowpit.lab.flags import ETCD, INSTALLED, Listen, command_line, webhook_flags
from snowpit.lab.setup import ServerSetup
from snowpit.lab.wire import Response

PID = 1
ACCESS_V = 3
MISSED_V = 4
LONG_WAIT_S = 1.0
FAILED = 500
SHOWN = 64


class Klog:
    """The log.

    Args:
        setup: The server: version, verbosity, flags.
        path: The file.
        clock: The lab's clock.
    """

    def __init__(self, setup: ServerSetup, path: Path, clock: Clock) -> None:
        self._version = setup.plane.version or Version(1, 34)
        self._verbosity, self._clock = setup.verbosity, clock
        self._log = RotatedLog(path, clock)
        self._traces = Traces(self._version, setup.verbosity, clock.epoch)
        self._access = _access_form(self._version)
        self._begin(setup)

    def flush(self) -> None:
        """Hand over what is buffered."""
        self._log.flush()

    def close(self) -> None:
        """Close the file."""
        self._log.close()

    def _begin(self, setup: ServerSetup) -> None:
        """What a server writes when it starts: its flags and its version."""
        host, _, port = setup.address.rpartition(":")
        listen = Listen(host, int(port), ETCD, setup.verbosity)
        flags = [*command_line(setup.plane, listen, INSTALLED), *webhook_flags(setup.audit_webhook)]
        for flag in flags if self._verbosity >= 1 else ():
            name, _, value = flag.partition("=")
            self._line("I", "flags.go:33", f"FLAG: {name}={_quoted(value)}")
        told = f"Version: v{self._version}"
        if self._version.at_least("1.23.0"):
            told = f'"Version info" version="v{self._version}"'
        self._line("I", "server.go:146", told)

    def accessed(self, exchange: Exchange, response: Response) -> None:
        """The access line of a request that has been answered."""
        if self._verbosity >= ACCESS_V:
            place, text = self._access(exchange, response, self._clock.now() - exchange.arrived)
            self._line("I", place, text)

    def traced(self, exchange: Exchange, response: Response) -> None:
        """The steps of a request that took longer than half a second in its handler."""
        text = self._traces.of(exchange, response.status, self._clock.now())
        if text:
            self._line("I", self._traces.place, text)

    def throttled(self, verb: str, url: str, waited: float) -> None:
        """A wait of the loopback client, at the verbosity of the version."""
        modern = self._version.at_least("1.18.0")
        if self._verbosity < (3 if modern else 4) and not (modern and waited > LONG_WAIT_S):
            return
        text = f"Throttling request took {go(waited)}, request: {verb}:{url}"
        if self._version.at_least("1.33.0"):
            text = (
                f'"Waited before sending request" delay="{go(waited)}" reason="client-side throttling, not priority and fairness" '
                f'verb="{verb}" URL="{url}"'
            )
        elif self._version.at_least("1.21.0"):
            text = f"Waited for {go(waited)} due to client-side throttling, not priority and fairness, request: {verb}:{url}"
        self._line("I", "request.go:530", text)

    def unauthenticated(self, message: str) -> None:
        """A request whose credential was refused."""
        text = f"Unable to authenticate the request due to an error: {plain(message)}"
        if self._version.at_least("1.21.0"):
            text = f'"Unable to authenticate the request" err="{escaped(message)}"'
        self._line("E", "authentication.go:63", text)

    def audit_lost(self, plugin: str, why: str, events: int) -> None:
        """Audit events were lost; the events themselves, which follow in a real log, are left out."""
        text = f"Error in audit plugin '{plugin}' affecting {events} audit events: {plain(why)}\nImpacted events:"
        self._line("E", "metrics.go:86", text)

    def missed(self, namespace: str, secret: str, account: str, message: str) -> None:
        """A token whose Secret could not be read."""
        if self._verbosity >= MISSED_V:
            text = f"Could not retrieve token {namespace}/{secret} for service account {namespace}/{account}: {message}"
            self._line("I", "legacy.go:105", plain(text))

    def _line(self, severity: str, place: str, text: str) -> None:
        stamp = self._clock.moment().strftime("%m%d %H:%M:%S.%f")
        self._log.write(f"{severity}{stamp} {PID:>7} {place}] {text}\n".encode("utf-8", "backslashreplace"))


def _access_form(version: Version):  # type: ignore[no-untyped-def]  # noqa: ANN202 - one of the functions below
    if not version.at_least("1.18.0"):
        return _wrapped
    if not version.at_least("1.19.0"):
        return _keyed
    return _structured(version)


def _wrapped(exchange: Exchange, response: Response, took: float) -> tuple[str, str]:
    """To 1.17; a failure carries the stack of whoever wrote its status, and the agent after it."""
    request = exchange.request
    head = f"{request.method} {plain(request.target)}: ({go(took)}) {response.status}"
    who = f"[{plain(_agent(exchange))} {request.source}:{request.port}]"
    if response.status < FAILED:
        return "wrap.go:47", f"{head} {who}"
    said = escaped(response.body.decode("utf-8", "replace"))
    stack = "goroutine 1 [running]:\nk8s.io/kubernetes/vendor/k8s.io/apiserver/pkg/server/httplog.(*respLogger).recordStatus(0x0, 0x0)"
    return "wrap.go:47", f'{head}\n{stack}\nlogging error output: "{said}"\n {who}'


def _keyed(exchange: Exchange, response: Response, took: float) -> tuple[str, str]:
    """1.18."""
    request = exchange.request
    return "httplog.go:90", (
        f'verb="{exchange.info.verb.upper() if exchange.info.verb in ("list", "watch") else request.method}" '
        f'URI="{escaped(request.target)}" latency={go(took)} resp={response.status} '
        f'UserAgent="{escaped(_agent(exchange))}" srcIP="{request.source}:{request.port}": '
    )


def _structured(version: Version):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a form
    """From 1.19; with the audit id from 1.22, and what priority and fairness made of the request from 1.23."""
    identified, classified = version.at_least("1.22.0"), version.at_least("1.23.0")

    def form(exchange: Exchange, response: Response, took: float) -> tuple[str, str]:
        request, verb = exchange.request, exchange.info.verb
        shown = verb.upper() if verb in ("list", "watch") and version.at_least("1.20.0") else request.method
        audit = f' audit-ID="{exchange.audit_id}"' if identified else ""
        seats = _classified(exchange) if classified and exchange.flow_schema else ""
        more = ""
        if response.status >= FAILED:
            said = escaped(response.body.decode("utf-8", "replace"))
            more = f' statusStack="goroutine 1 [running]" addedInfo="logging error output: \\"{said}\\""'
        return "httplog.go:132", (
            f'"HTTP" verb="{shown}" URI="{escaped(request.target)}" latency="{go(took)}" '
            f'userAgent="{escaped(_agent(exchange))}"{audit} srcIP="{request.source}:{request.port}"{seats} resp={response.status}{more}'
        )

    return form


def _classified(exchange: Exchange) -> str:
    """Level, schema and seats; names are cut to 64 characters (pkg/server/filters/priority-and-fairness.go)."""
    level, schema = exchange.priority_level[:SHOWN], exchange.flow_schema[:SHOWN]
    return (
        f' apf_pl="{level}" apf_fs="{schema}" apf_iseats={max(1, exchange.seats)} apf_fseats=0'
        ' apf_additionalLatency="0s"'
    )


def _agent(exchange: Exchange) -> str:
    return exchange.request.headers.get("user-agent", "")


def _quoted(value: str) -> str:
    """A flag's value as logged: text in quotes."""
    return f'"{value}"'
