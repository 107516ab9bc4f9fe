"""From a scenario to who takes part: credentials of all kinds, and the objects that have to be there before they call."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.workload import Clients, Operation, Tokens
from snowpit.lab.api import bootstrap
from snowpit.lab.around import asks
from snowpit.lab.around.cast import Cast
from snowpit.lab.authority import Signer
from snowpit.lab.wire import Certificate, Credential

Item = tuple[str, dict[str, Any]]
CLIENT_CA, PROXY_CA = "kubernetes", "front-proxy-ca"
LAB, MASTERS = "snowpit-lab", "system:masters"
NODE, NODES = "system:node:node-", "system:nodes"
LIFE_S = 10 * 365 * 86_400
"""How long bound tokens live: longer than any lab, for nobody renews them."""

SERVICE_ACCOUNTS = ("legacy_token", "bound_token", "deleted_token", "garbage_token")
STATS = {
    "stats": "nodes/stats",
    "metrics": "nodes/metrics",
    "log": "nodes/log",
    "spec": "nodes/spec",
    "proxy": "nodes/proxy",
}


@dataclass(slots=True)
class Casting:
    """Everything that a lab needs before it starts.

    Args:
        scenario: Who is to take part.
        signer: Signs ServiceAccount tokens.
        epoch: When the lab begins, µs since the epoch.
        uids: UIDs of ServiceAccounts by ``namespace/name``, where a real server has given them; others are made up.
        items: Objects for the store, filled by ``cast``.
        token_file: Lines of ``tokens.csv``.
        passwords: Lines of ``basic.csv``.
        webhook: Lines of ``webhook.csv``: whom the authentication webhook knows.
    """

    scenario: Scenario
    signer: Signer
    epoch: int
    uids: Mapping[str, str] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    token_file: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    webhook: list[str] = field(default_factory=list)
    _certificates: dict[str, Certificate] = field(default_factory=dict)
    _owned: dict[str, tuple[Credential, ...]] = field(default_factory=dict)

    def cast(self) -> Cast:
        """Credentials for all, with the objects noted that they need."""
        scenario = self.scenario
        self.items += bootstrap.objects(scenario.plane.version)
        self.items += [item for node in range(self._nodes()) for item in _node(node)]
        self._certificates[LAB] = Certificate(LAB, (MASTERS,), CLIENT_CA)
        clients = {one.name: self._clients(one) for one in scenario.clients}
        scrapers = {one.name: self._tokens(one.name, one.tokens)[0] for one in scenario.scrapers}
        for one in scenario.clients:
            self.items += self._wanted(one)
        reviewed = {
            one.name: tuple(found.token for found in self._tokens(f"{one.name}-reviewed", one.reviewed))
            for one in scenario.clients
            if one.reviewed is not None
        }
        spares = {
            key: value for one in scenario.scrapers for key, value in self._spares(one.name, one.tokens)
        }
        for scraper in scenario.scrapers:
            self.items += self._scraper_role(scraper.name, scraper.tokens, scraper.subresource)
        return Cast(
            certificates=self._certificates,
            clients=clients,
            reviewed=reviewed,
            scrapers=scrapers,
            nodes=tuple(self._node_credential(node) for node in range(scenario.kubelets.count)),
            spares=spares,
        )

    def _nodes(self) -> int:
        """Nodes that somebody writes or is."""
        counts = [one.count for one in self.scenario.clients if "{client}" in one.user and NODE in one.user]
        return max([self.scenario.kubelets.count, *counts])

    def _node_credential(self, node: int) -> Credential:
        name = f"node-{node}"
        self._certificates.setdefault(name, Certificate(f"{NODE}{node}", (NODES,), CLIENT_CA))
        return Credential(certificate=name)

    def _clients(self, one: Clients) -> tuple[Credential, ...]:
        """What the clients of a population show."""
        kind = one.tokens.credential
        if kind not in ("certificate", "masters", "front_proxy"):
            return self._tokens(one.name, one.tokens)
        if NODE in one.user:
            return tuple(self._node_credential(node) for node in range(one.count))
        groups = tuple(group for group in one.groups.split(",") if group and group != "system:authenticated")
        issuer = PROXY_CA if kind == "front_proxy" else CLIENT_CA
        names = one.count if "{client}" in one.user else 1
        found = []
        for number in range(names):
            name = f"{one.name}-{number}"
            user = one.user.replace("{client}", str(number)).replace("{token}", str(number))
            wanted = (MASTERS,) if kind == "masters" else groups
            self._certificates[name] = Certificate(user, wanted, issuer)
            found.append(Credential(certificate=name))
        return tuple(found)

    def _tokens(self, owner: str, tokens: Tokens) -> tuple[Credential, ...]:
        """Tokens of one kind; those that somebody else owns are his."""
        if tokens.shared_with and tokens.shared_with in self._owned:
            return self._owned[tokens.shared_with]
        if tokens.credential in ("certificate", "masters", "front_proxy"):
            name = f"{owner}-0"
            self._certificates[name] = Certificate(tokens.subject.replace("{token}", "0"), (), CLIENT_CA)
            return (Credential(certificate=name),)
        found = tuple(self._token(owner, tokens, number) for number in range(tokens.count))
        self._owned.setdefault(owner, found)
        return found

    def _token(self, owner: str, tokens: Tokens, number: int) -> Credential:
        user, kind = tokens.subject.replace("{token}", str(number)), tokens.credential
        if kind in SERVICE_ACCOUNTS:
            return Credential(token=self._account(user, kind))
        secret = uuid5(NAMESPACE_DNS, f"{self.epoch}:{owner}:{kind}:{number}").hex
        if kind == "static_token":
            self.token_file.append(f'{secret},{user},{owner}-{number},""')
        elif kind == "webhook_token":
            self.webhook.append(f'{secret},{user},{owner}-{number},""')
        elif kind == "basic":
            self.passwords.append(f'{secret},{owner}-{number},{owner}-{number},""')
            return Credential(basic=f"{owner}-{number}:{secret}")
        elif kind == "bootstrap_token":
            self.items.append(_bootstrap(secret))
            return Credential(token=f"{secret[:6]}.{secret[6:22]}")
        elif kind == "anonymous":
            return Credential()
        return Credential(token=secret)

    def _account(self, user: str, kind: str) -> str:
        """A ServiceAccount with its Secret, and the token."""
        namespace, name = _account_of(user)
        uid = self.uids.get(f"{namespace}/{name}") or str(uuid5(NAMESPACE_DNS, user))
        secret = f"{name}-token-lab00"
        metadata = {"name": name, "namespace": namespace, "uid": uid}
        account = {
            "kind": "ServiceAccount",
            "apiVersion": "v1",
            "metadata": metadata,
            "secrets": [{"name": secret}],
        }
        token = self.signer.legacy(namespace, secret, name, uid)
        self.items += [("namespaces", _namespace(namespace)), ("serviceaccounts", account)]
        if kind == "bound_token":
            now = self.epoch // 1_000_000
            return self.signer.bound(namespace, name, uid, issued=now, expires=now + LIFE_S, to=None)
        if kind == "garbage_token":
            return token[:-8] + "AAAAAAAA"
        if kind != "deleted_token":
            self.items.append(("secrets", _secret(namespace, secret, token, account=name)))
        return token

    def _wanted(self, one: Clients) -> Iterator[Item]:
        """What a population asks for, and the right to it."""
        if one.reviewed is not None:
            yield from _granted(one.name, "authentication.k8s.io", "tokenreviews", "create")
            return
        asked = one.operation
        resource = asks.resource_of(asked, self.scenario.plane.version)
        if asked.namespace and resource.namespaced:
            yield "namespaces", _namespace(asked.namespace)
        verbs = ("list", "watch") if asked.verb == "watch" else (asked.verb,)
        yield from _granted(one.name, asked.group, _whole(asked), *verbs)
        name = asks.name_of(asked, 0)
        if resource.stored and not name.startswith("node-"):
            space = {"namespace": asked.namespace or "default"} if resource.namespaced else {}
            head = {"kind": resource.kind, "apiVersion": resource.api_version()}
            yield resource.qualified, {**head, "metadata": {"name": name, **space}}

    def _spares(self, name: str, tokens: Tokens) -> Iterator[tuple[tuple[str, str], Credential]]:
        """What a scraper may be given while the lab runs: the remedies of the founding incident."""
        user = tokens.subject.replace("{token}", "0")
        self._certificates[f"{name}-spare"] = Certificate(user, (), CLIENT_CA)
        yield (name, "certificate"), Credential(certificate=f"{name}-spare")
        yield (
            (name, "static_token"),
            self._token(f"{name}-spare", Tokens(credential="static_token", subject=user), 0),
        )
        yield (name, tokens.credential), self._tokens(name, tokens)[0]

    def _scraper_role(self, name: str, tokens: Tokens, subresource: str) -> Iterator[Item]:
        rule = {"apiGroups": [""], "resources": [STATS[subresource], "nodes"], "verbs": ["get"]}
        yield bootstrap.cluster_role(f"lab:{name}", rule)
        user = tokens.subject.replace("{token}", "0")
        yield bootstrap.binding(
            f"lab:{name}", f"lab:{name}", {"kind": "User", "name": user, "apiGroup": RBAC}
        )


RBAC = "rbac.authorization.k8s.io"


def _granted(name: str, group: str, resource: str, *verbs: str) -> Iterator[Item]:
    """A role for what a population does, for everybody who is known."""
    yield bootstrap.cluster_role(
        f"lab:{name}", {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}
    )
    everybody = {"kind": "Group", "name": "system:authenticated", "apiGroup": RBAC}
    yield bootstrap.binding(f"lab:{name}", f"lab:{name}", everybody)


def _whole(asked: Operation) -> str:
    return f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource


def _account_of(user: str) -> tuple[str, str]:
    """Namespace and name of a ServiceAccount's user name; others become accounts of the default namespace."""
    parts = user.split(":")
    if len(parts) == 4 and user.startswith("system:serviceaccount:"):  # noqa: PLR2004 - with namespace and name
        return parts[2], parts[3]
    return "default", user.replace(":", "-")


def _namespace(name: str) -> dict[str, Any]:
    return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}}


def _node(number: int) -> Iterator[Item]:
    name = f"node-{number}"
    yield "nodes", {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name}}
    lease = {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "spec": {"leaseDurationSeconds": 40}}
    yield "leases.coordination.k8s.io", {**lease, "metadata": {"name": name, "namespace": asks.LEASES}}


def _secret(namespace: str, name: str, token: str, *, account: str) -> dict[str, Any]:
    return {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": {"kubernetes.io/service-account.name": account},
        },
        "type": "kubernetes.io/service-account-token",
        "data": {"token": base64.b64encode(token.encode()).decode()},
    }


def _bootstrap(secret: str) -> Item:
    data = {"token-id": secret[:6], "token-secret": secret[6:22], "usage-bootstrap-authentication": "true"}
    return "secrets", {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": f"bootstrap-token-{secret[:6]}", "namespace": "kube-system"},
        "type": "bootstrap.kubernetes.io/token",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }
