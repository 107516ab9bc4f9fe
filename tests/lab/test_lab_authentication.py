"""Who is let in, and who is not: the chain by version, and tokens made to deceive."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.lab import virtual
from snowpit.lab.api import bootstrap
from snowpit.lab.authority import ISSUER, Signer, Verifier
from snowpit.lab.authority.tokens import elliptic, rsa
from snowpit.lab.wire import Certificate, Credential
from support.lab_server import ADDRESS, Bench, key
from support.service_accounts import by_another_key, by_public_key, forged, unsigned

T = TypeVar("T")
NODE = Certificate("system:node:n0", ("system:nodes",), "kubernetes")


def on_bench(work: Callable[[Bench], Awaitable[T]], version: str = "1.13.5", **changes: bool | float) -> T:
    async def main() -> T:
        bench = Bench(version, changes)
        bench.network.certificates |= {
            "node": NODE,
            "proxy": Certificate("front-proxy-client", (), "front-proxy-ca"),
            "stranger": Certificate("admin", ("system:masters",), "somebody else"),
        }
        return await work(bench)

    return virtual.run(main())


async def status_of(bench: Bench, **credential: str) -> int:
    response = await bench.network.send(ADDRESS, "GET", "/api/v1/nodes", credential=Credential(**credential))
    return response.status


async def who(bench: Bench, token: str) -> dict[str, object]:
    status: dict[str, object] = json.loads((await bench.review(token)).body)["status"]
    return status


def test_credentials_are_told_apart() -> None:
    async def work(bench: Bench) -> list[int]:
        return [
            await status_of(bench, certificate="admin"),
            await status_of(bench, certificate="stranger"),
            await status_of(bench, token="nonsense"),  # noqa: S106 - made up
            await status_of(bench),
        ]

    assert on_bench(work) == [200, 403, 401, 403]


def test_a_certificate_ends_the_chain_so_a_bad_token_beside_it_is_never_looked_at() -> None:
    async def work(bench: Bench) -> tuple[int, float]:
        token = bench.account("gone")
        await bench.store.delete("secrets", "bench", "gone-token", took=0.0)
        found = await status_of(bench, certificate="admin", token=token)
        return found, bench.server.status()["loopback_reads"]

    assert on_bench(work) == (200, 0)


def test_a_legacy_token_costs_two_reads_once_and_then_none_for_ten_seconds() -> None:
    async def work(bench: Bench) -> list[float]:
        token = bench.account("app")
        reads = []
        for pause in (0.0, 5.0, 10.1):
            await asyncio.sleep(pause)
            await who(bench, token)
            reads.append(bench.server.status()["loopback_reads"])
        return reads

    assert on_bench(work) == [2, 2, 4]


@pytest.mark.parametrize(("version", "reads"), [("1.13.5", 2), ("1.14.0", 0), ("1.18.0", 0)])
def test_informers_spare_the_reads_from_1_14(version: str, reads: int) -> None:
    async def work(bench: Bench) -> float:
        await who(bench, bench.account("app"))
        found: float = bench.server.status()["loopback_reads"]
        return found

    assert on_bench(work, version) == reads


def test_an_informer_does_not_know_what_is_gone_so_that_costs_a_read_in_every_version() -> None:
    async def work(bench: Bench) -> tuple[object, float]:
        token = bench.account("app")
        await bench.store.delete("secrets", "bench", "app-token", took=0.0)
        told = await who(bench, token)
        return told.get("error"), bench.server.status()["loopback_reads"]

    assert on_bench(work, "1.18.0") == ("[invalid bearer token, Token has been invalidated]", 1)


def test_without_look_up_a_legacy_token_costs_nothing_though_its_secret_is_gone() -> None:
    async def work(bench: Bench) -> tuple[object, float]:
        token = bench.account("app")
        await bench.store.delete("secrets", "bench", "app-token", took=0.0)
        return (await who(bench, token)).get("authenticated"), bench.server.status()["loopback_reads"]

    assert on_bench(work, service_account_lookup=False) == (True, 0)


@pytest.mark.parametrize(("version", "reads"), [("1.13.5", 200), ("1.18.0", 0)])
def test_misses_of_one_token_are_shared_from_1_18(version: str, reads: int) -> None:
    async def work(bench: Bench) -> float:
        token = bench.account("app")
        await asyncio.gather(*(bench.review(token) for _ in range(100)))
        found: float = bench.server.status()["loopback_reads"]
        return found

    assert on_bench(work, version) == reads


@pytest.mark.parametrize(
    "trick",
    [
        lambda token: forged(token, sub="system:serviceaccount:kube-system:admin"),
        unsigned,
        lambda token: by_public_key(token, key().as_pem(private=False)),
        by_another_key,
        lambda token: token[:-4],
        lambda token: token + ".x",
        lambda _: "..",
        lambda token: f" {token[:10]} {token}",
    ],
)
def test_made_up_tokens_are_never_let_in(trick: Callable[[str], str]) -> None:
    async def work(bench: Bench) -> tuple[object, int, float]:
        token = trick(bench.account("app"))
        told = await who(bench, token)
        return (
            told.get("authenticated"),
            await status_of(bench, token=token),
            bench.server.status()["loopback_reads"],
        )

    assert on_bench(work) == (None, 401, 0)


@given(st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_no_text_is_a_token(text: str) -> None:
    assert Verifier([key()]).claims(text) is None


@pytest.mark.parametrize(
    ("issued", "expires", "audiences", "good"),
    [
        (0, 3600, (), True),
        (-7200, -10, (), False),
        (600, 7200, (), False),
        (0, 3600, ("somebody-else",), False),
        (0, 3600, ("somebody-else", ISSUER), True),
    ],
)
def test_bound_tokens_have_times_and_audiences(
    issued: int,
    expires: int,
    audiences: tuple[str, ...],
    good: bool,  # noqa: FBT001 - a parameter
) -> None:
    async def work(bench: Bench) -> object:
        bench.account("app")
        now = bench.clock.epoch // 1_000_000
        token = bench.signer.bound(
            "bench", "app", "uid-app", issued=now + issued, expires=now + expires, audiences=audiences
        )
        return (await who(bench, token)).get("authenticated")

    assert on_bench(work) == (True if good else None)


def test_a_bound_token_dies_with_its_pod() -> None:
    async def work(bench: Bench) -> list[object]:
        bench.account("app")
        metadata = {"name": "web", "namespace": "bench", "uid": "uid-web"}
        pod = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata}
        bench.store.load([("pods", pod)], stamp=bench.clock.epoch)
        now = bench.clock.epoch // 1_000_000
        token = bench.signer.bound(
            "bench", "app", "uid-app", issued=now, expires=now + 3600, to=("Pod", "web", "uid-web")
        )
        before = (await who(bench, token)).get("authenticated")
        await bench.store.delete("pods", "bench", "web", took=0.0)
        await asyncio.sleep(11)
        return [before, (await who(bench, token)).get("error")]

    assert on_bench(work) == [True, "[invalid bearer token, Token has been invalidated]"]


def test_front_proxy_headers_count_only_with_the_proxys_certificate() -> None:
    async def work(bench: Bench) -> list[int]:
        headers = {"x-remote-user": "jane", "x-remote-group": "system:masters"}
        return [
            (
                await bench.network.send(
                    ADDRESS, "GET", "/api/v1/nodes", credential=Credential(certificate=name), headers=headers
                )
            ).status
            for name in ("proxy", "stranger")
        ]

    assert on_bench(work) == [200, 403]


def test_keys_of_both_kinds_sign_and_verify() -> None:
    for made in (rsa(), elliptic()):
        token = Signer(made).legacy("a", "b", "c", "d")
        claims = Verifier([elliptic(), made]).claims(token)
        assert claims is not None
        assert claims["sub"] == "system:serviceaccount:a:c"
        assert Verifier([elliptic()]).claims(token) is None


def test_whoever_may_act_as_a_user_may_not_take_on_groups_for_that() -> None:
    rule = {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]}
    subject = {"kind": "Group", "name": "system:nodes", "apiGroup": "rbac.authorization.k8s.io"}

    async def work(bench: Bench) -> list[int]:
        bench.store.load(
            [bootstrap.cluster_role("actor", rule), bootstrap.binding("actor", "actor", subject)],
            stamp=bench.clock.epoch,
        )
        asked: list[tuple[str, dict[str, str]]] = [
            ("node", {"impersonate-user": "jane"}),
            ("node", {"impersonate-user": "jane", "impersonate-group": "system:masters"}),
            ("node", {"impersonate-user": "jane", "impersonate-group": "a, system:masters"}),
            ("admin", {"impersonate-user": "jane", "impersonate-group": "system:masters"}),
            ("admin", {"impersonate-user": "jane"}),
        ]
        found = []
        for name, headers in asked:
            response = await bench.network.send(
                ADDRESS, "GET", "/api/v1/nodes", credential=Credential(certificate=name), headers=headers
            )
            found.append(response.status)
        return found

    assert on_bench(work) == [403, 403, 403, 200, 403]
