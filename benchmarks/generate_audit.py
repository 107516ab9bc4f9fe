"""Writes a seeded, realistic audit log (``audit.k8s.io/v1``, JSON lines) of a chosen size.

Traffic: kubelets (leases, status patches, watches), controllers, ServiceAccounts of operators, health checks, and
TokenReviews by kubelets; lognormal sojourn times; about 1 % errors. With ``--incident`` the middle third is a
TokenReview storm: every kubelet asks about the same few ServiceAccounts, 200 seats are held, the rest is rejected.
The same arguments give the same bytes.

    python benchmarks/generate_audit.py --bytes 1G --bodies 0.05 > audit.log
"""

import argparse
import base64
import heapq
import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

UNITS = {"K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
START = 1_772_445_600_000_000
RATE = 1_500
"""Requests a second of log time."""

NODES = 400
VERSION = "v1.13.5 (linux/amd64) kubernetes/2166946"


class Kind(NamedTuple):
    """One kind of request: how often, by whom, what, and its median sojourn time in µs."""

    weight: int
    user: str
    groups: str
    agent: str
    verb: str
    resource: str
    group: str
    uri: str
    median: int


NODE_GROUPS = '"system:nodes","system:authenticated"'
ACCOUNT_GROUPS = '"system:serviceaccounts","system:serviceaccounts:{ns}","system:authenticated"'
KUBELET = f"kubelet/{VERSION}"
NODE = "system:node:worker-{node:04d}"
KINDS = (
    Kind(300, NODE, NODE_GROUPS, KUBELET, "update", "leases", "coordination.k8s.io", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}?timeout=10s", 6_000),
    Kind(90, NODE, NODE_GROUPS, KUBELET, "patch", "nodes", "", "/api/v1/nodes/worker-{node:04d}/status?timeout=10s", 9_000),
    Kind(90, NODE, NODE_GROUPS, KUBELET, "get", "pods", "", "/api/v1/namespaces/{ns}/pods/{name}", 2_500),
    Kind(25, NODE, NODE_GROUPS, KUBELET, "watch", "configmaps", "", "/api/v1/namespaces/{ns}/configmaps?fieldSelector=metadata.name%3D{name}\\u0026resourceVersion=0\\u0026watch=true", 200_000_000),
    Kind(12, NODE, NODE_GROUPS, KUBELET, "create", "tokenreviews", "authentication.k8s.io", "/apis/authentication.k8s.io/v1beta1/tokenreviews", 2_000),
    Kind(150, "system:kube-controller-manager", '"system:authenticated"', f"kube-controller-manager/{VERSION}/leader-election", "update", "endpoints", "", "/api/v1/namespaces/kube-system/endpoints/kube-controller-manager", 5_000),
    Kind(60, "system:kube-scheduler", '"system:authenticated"', f"kube-scheduler/{VERSION}/scheduler", "create", "pods", "", "/api/v1/namespaces/{ns}/pods/{name}/binding", 7_000),
    Kind(150, "system:serviceaccount:{ns}:operator", ACCOUNT_GROUPS, "operator/v0.9 (linux/amd64) kubernetes/$Format", "list", "pods", "", "/api/v1/namespaces/{ns}/pods?labelSelector=app%3D{name}\\u0026limit=500", 20_000),
    Kind(120, "system:serviceaccount:{ns}:operator", ACCOUNT_GROUPS, "operator/v0.9 (linux/amd64) kubernetes/$Format", "update", "deployments", "apps", "/apis/apps/v1/namespaces/{ns}/deployments/{name}/status", 8_000),
    Kind(60, "system:apiserver", '"system:masters"', f"kube-apiserver/{VERSION}", "get", "secrets", "", "/api/v1/namespaces/{ns}/secrets/{name}", 1_500),
    Kind(40, "system:anonymous", '"system:unauthenticated"', "kube-probe/1.13", "get", "", "", "/healthz", 300),
)  # fmt: skip
STORM = KINDS[4]._replace(weight=900, median=6_000_000)
CODES = ((200, 970), (404, 12), (409, 12), (403, 4), (500, 2))


def instant(micros: int) -> str:
    """RFC 3339 with microseconds, as the API server writes it."""
    seconds, rest = divmod(micros, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"


def token(account: str) -> str:
    """A token of the legacy form that nobody signed."""
    claims = json.dumps({"iss": "kubernetes/serviceaccount", "sub": account}).encode()
    return f"eyJhbGciOiJSUzI1NiJ9.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.bm90LXNpZ25lZA"


class Generator:
    """Events in the order of their stage times, as a file has them.

    Args:
        arguments: The command line.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._random = random.Random(arguments.seed)
        self._bodies = arguments.bodies
        self._all_stages = arguments.stages == "all"
        self._body = json.dumps(
            {
                "kind": "Pod",
                "spec": {"containers": [{"env": [{"name": f"V{n}", "value": "x" * 40} for n in range(90)]}]},
            }
        )

    def event(self, kind: Kind, now: int) -> tuple[str, str, int]:
        """Beginning and end of one request's line, and its sojourn time in µs."""
        rng = self._random
        ns, name = (
            f"team-{rng.randrange(60):02d}",
            f"app-{rng.randrange(5_000):04d}-{rng.getrandbits(20):05x}",
        )
        user = kind.user.format(node=rng.randrange(NODES), ns=ns)
        uri = kind.uri.format(ns=ns, name=name, node=rng.randrange(NODES))
        reviewed = kind.resource == "tokenreviews"
        stormy = kind is STORM and rng.random() < 0.6
        code = (
            429
            if stormy
            else 201
            if reviewed
            else rng.choices([c for c, _ in CODES], [w for _, w in CODES])[0]
        )
        sojourn = rng.randrange(70_000, 360_000) if stormy else int(kind.median * rng.lognormvariate(0, 0.9))
        body, level = "", "Metadata"
        if reviewed and not stormy:
            account = f"system:serviceaccount:monitoring:scraper-{rng.randrange(3)}"
            body, level = (
                f',"requestObject":{{"kind":"TokenReview","spec":{{"token":"{token(account)}"}}}}',
                "RequestResponse",
            )
        elif kind.resource and rng.random() < self._bodies:
            body, level = f',"requestObject":{self._body}', "RequestResponse"
        reference = (
            f'"objectRef":{{"resource":"{kind.resource}","namespace":"{ns}","name":"{name}","apiGroup":"{kind.group}","apiVersion":"v1"}},'
            if kind.resource
            else ""
        )
        identity = f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-8{rng.getrandbits(12):03x}-{rng.getrandbits(48):012x}"
        head = (
            f'{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"{level}","auditID":"{identity}","stage":"@","requestURI":"{uri}",'
            f'"verb":"{kind.verb}","user":{{"username":"{user}","uid":"{rng.getrandbits(32):08x}","groups":[{kind.groups.format(ns=ns)}]}},'
            f'"sourceIPs":["10.{rng.randrange(4)}.{rng.randrange(250)}.7"],"userAgent":"{kind.agent}",{reference}'
        )
        status = f'"responseStatus":{{"metadata":{{}},"code":{code}}}{body},' if body or code else ""
        tail = f'{status}"requestReceivedTimestamp":"{instant(now)}","stageTimestamp":"@","annotations":{{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":""}}}}'
        return head, tail, sojourn

    def lines(self, size: int, *, incident: bool) -> Iterator[str]:
        """Lines until a size in bytes is passed."""
        now, written = START, 0
        waiting: list[tuple[int, str]] = []
        kinds, storm = list(KINDS), [*KINDS, STORM]
        while written < size:
            chosen = storm if incident and size < 3 * written < 2 * size else kinds
            now += int(self._random.expovariate(RATE) * 1_000_000)
            kind = self._random.choices(chosen, [kind.weight for kind in chosen])[0]
            head, tail, sojourn = self.event(kind, now)
            if self._all_stages:
                received = tail[tail.index('"requestReceivedTimestamp"') :].split(',"annotations"')[0] + "}"
                heapq.heappush(
                    waiting,
                    (now, (head + received).replace("@", "RequestReceived", 1).replace("@", instant(now), 1)),
                )
            done = (head + tail).replace("@", "ResponseComplete", 1).replace("@", instant(now + sojourn), 1)
            heapq.heappush(waiting, (now + sojourn, done))
            while waiting and waiting[0][0] <= now:
                line = heapq.heappop(waiting)[1]
                written += len(line) + 1
                yield line


def main() -> None:
    """Parse the command line and write the log to standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bytes", default="10M", help="size, e.g. 10M or 1G")
    parser.add_argument("--bodies", type=float, default=0.0, help="share of requests whose body is logged")
    parser.add_argument("--stages", choices=("last", "all"), default="last", help="all: with RequestReceived")
    parser.add_argument("--incident", action="store_true", help="a TokenReview storm in the middle")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    text = arguments.bytes
    size = int(float(text[:-1]) * UNITS[text[-1].upper()]) if text[-1].upper() in UNITS else int(text)
    for line in Generator(arguments).lines(size, incident=arguments.incident):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
