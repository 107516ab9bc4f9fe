"""Writes a seeded, realistic log of kube-apiserver (klog text) of a chosen size.

Ordinary lines of informers, controllers and storage; a share of access lines in the form of 1.12, 1.18 or 1.28; few
lines that mean something: throttling, traces with their steps, failed logins, etcd errors. The same arguments give
the same bytes.

    python benchmarks/generate_klog.py --bytes 1G --access 0.3 --form 1.28 > apiserver.log
    python benchmarks/generate_klog.py --bytes 100M --wrap cri > 0.log
"""

import argparse
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

UNITS = {"K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RATE = 2_000
"""Lines a second of log time."""

POOL = 20_000
"""Different messages; they are drawn again and again."""

MEANING = 0.002
"""Share of lines that mean something, access lines aside."""

ORDINARY = (
    'I|cacher.go:{n}] cacher (*core.Pod): {m} objects queued in incoming channel, resourceVersion "{rv}".',
    "I|reflector.go:243] k8s.io/client-go/informers/factory.go:{n}: forcing resync of namespaces/team-{ns}",
    "I|available_controller.go:433] Updating v1beta1.metrics.k8s.io, endpoints of service kube-system/metrics-server-{ns}",
    "I|controller.go:107] OpenAPI AggregationController: Processing item v1.packages.operators-{ns}.coreos.com",
    "I|store.go:1414] Monitoring customresourcedefinitions-{ns}.apiextensions.k8s.io count at <storage-prefix>//apiextensions.k8s.io",
    'I|authorization.go:73] Forbidden: "/apis/team-{ns}.example.com/v1/namespaces/team-{ns}/things/{m}", Reason: "no rule matched"',
    'I|clientconn.go:{n}] parsed scheme: "endpoint"; ccResolverWrapper: sending new addresses to cc: [{{https://10.0.0.{o}:2379 <nil> 0}}]',
    'I|get.go:{n}] "Starting watch" path="/api/v1/namespaces/team-{ns}/configmaps" resourceVersion="{rv}" labels="" fields="metadata.name=cm-{m}" timeout="9m{o}s"',
    "W|watcher.go:{n}] watch chan error: etcdserver: mvcc: required revision has been compacted, namespace team-{ns} revision {rv}",
)
MEANINGFUL = (
    "I|request.go:485] Throttling request took {o}.{m}s, request: GET:https://[::1]:6443/api/v1/namespaces/team-{ns}/secrets/app-token-{m}",
    (
        'I|trace.go:205] Trace[{rv}]: "Create" url:/apis/authentication.k8s.io/v1/tokenreviews,user-agent:kubelet/v1.18.2,client:10.0.3.{o} (started: 2026-03-02 09:30:00.000000000 +0000 UTC m=+5) (total time: 2.{m}s):\n'
        "Trace[{rv}]: [2.0{m}s] [2.0{m}s] About to store object in database\nTrace[{rv}]: [2.{m}s] [1.1ms] END"
    ),
    "E|authentication.go:{n}] Unable to authenticate the request due to an error: [invalid bearer token, Token has been invalidated]",
    'E|status.go:71] apiserver received an error that is not an metav1.Status: &errors.errorString{{s:"etcdserver: request timed out"}}',
)
ACCESS = {
    "1.12": "I|wrap.go:42] {verb} {uri}: ({o}.{m}ms) 200 [kubelet/v1.12.4 (linux/amd64) kubernetes/f49fa02 10.0.3.{o}:41236]",
    "1.18": 'I|httplog.go:90] verb="{verb}" URI="{uri}" latency={o}.{m}ms resp=200 UserAgent="kubelet/v1.18.2 (linux/amd64) kubernetes/52c56ce" srcIP="10.0.3.{o}:41236":',
    "1.28": 'I|httplog.go:132] "HTTP" verb="{verb}" URI="{uri}" latency="{o}.{m}ms" userAgent="kubelet/v1.28.3 (linux/amd64) kubernetes/a8a1abc" audit-ID="{id}" srcIP="10.0.3.{o}:41236" apf_pl="node-high" apf_fs="system-node-high" apf_iseats=1 apf_fseats=0 apf_additionalLatency="0s" apf_execution_time="{o}.{m}ms" resp=200',
}
URIS = (
    ("GET", "/api/v1/namespaces/team-{ns}/configmaps/cm-{m}"),
    ("PUT", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/worker-{m}?timeout=10s"),
    ("GET", "/api/v1/nodes/worker-{m}?resourceVersion=0&timeout=10s"),
    ("PATCH", "/api/v1/nodes/worker-{m}/status?timeout=10s"),
    ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
    ("GET", "/healthz?timeout=32s"),
)


def message(draw: random.Random, template: str) -> str:
    """A template filled in."""
    verb, uri = draw.choice(URIS)
    values = {
        "n": draw.randrange(10, 999),
        "m": draw.randrange(100, 999),
        "o": draw.randrange(1, 250),
        "ns": draw.randrange(1, 400),
        "rv": draw.randrange(10**8, 10**9),
        "id": "<number>-0000-4000-8000-0123456789ab",
    }
    return template.format(**values, verb=verb, uri=uri.format(**values))


def wrapped(text: str, moment: datetime, wrap: str) -> str:
    """A line as a runtime or the journal writes it."""
    if wrap == "cri":
        return f"{moment:%Y-%m-%dT%H:%M:%S.%f}123Z stderr F {text}"
    if wrap == "journald":
        return f"{moment:%b %d %H:%M:%S.%f} master-0 kube-apiserver[2296]: {text}"
    return text


def lines(size: int, *, access: float, form: str, wrap: str, seed: int) -> Iterator[str]:
    """Lines up to a size in bytes."""
    draw = random.Random(seed)
    pools = [
        [message(draw, draw.choice(templates)) for _ in range(POOL)]
        for templates in (ORDINARY, MEANINGFUL, (ACCESS[form],))
    ]
    shares = ((1 - access) * (1 - MEANING), (1 - access) * MEANING, access)
    moment, step = START, timedelta(seconds=1) / RATE
    for number in count():
        if size <= 0:
            return
        text = draw.choice(draw.choices(pools, shares)[0]).replace("<number>", f"{number:08x}")
        moment += step
        head = f"{text[0]}{moment:%m%d %H:%M:%S.%f}       1 "
        made = "".join(f"{wrapped(part, moment, wrap)}\n" for part in (head + text[2:]).split("\n"))
        size -= len(made)
        yield made


def main() -> None:
    """Write a log to standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bytes", default="100M", help="size, such as 1G")
    parser.add_argument("--access", type=float, default=0.0, help="share of access lines")
    parser.add_argument("--form", choices=ACCESS, default="1.28", help="form of access lines")
    parser.add_argument(
        "--wrap", choices=("none", "cri", "journald"), default="none", help="what wraps the lines"
    )
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    text = asked.bytes.upper()
    size = int(float(text.rstrip("KMG")) * UNITS.get(text[-1], 1))
    made = lines(size, access=asked.access, form=asked.form, wrap=asked.wrap, seed=asked.seed)
    sys.stdout.writelines(made)


if __name__ == "__main__":
    main()
