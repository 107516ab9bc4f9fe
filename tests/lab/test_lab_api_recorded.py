"""What a real kube-apiserver 1.13.5 answered, the lab's API answers too, byte for byte."""

import gzip
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from snowpit.cluster.control_plane import simulated
from snowpit.knowledge.version import Version
from snowpit.lab.api import status
from snowpit.lab.exchange import AuthenticationError, User
from support.lab_api import Asked, on_api

PATH = "/apis/authentication.k8s.io/v1beta1/tokenreviews"


def recorded() -> Iterator[dict[str, Any]]:
    """Answers to TokenReviews, one of each outcome."""
    seen: set[tuple[int, bool]] = set()
    folder = files("snowpit").joinpath("evidence/real-apiserver-1.13.5")
    with folder.joinpath("audit.log.gz").open("rb") as raw, gzip.open(raw, "rt", encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            answer = event.get("responseObject") or {}
            kind = ((event.get("responseStatus") or {}).get("code", 0), "error" in answer.get("status", ""))
            if (
                (event.get("objectRef") or {}).get("resource") == "tokenreviews"
                and answer
                and kind not in seen
            ):
                seen.add(kind)
                yield answer


RECORDED = [*recorded()]


def test_each_outcome_was_recorded() -> None:
    assert [(answer["kind"], "error" in answer["status"]) for answer in RECORDED] == [
        ("TokenReview", False),
        ("TokenReview", True),
        ("Status", False),
    ]


@pytest.mark.parametrize("answer", RECORDED[:2], ids=["accepted", "refused"])
def test_reviews_are_answered_as_recorded(answer: dict[str, Any]) -> None:
    outcome = answer["status"]

    async def authenticate(_token: str, _audiences: tuple[str, ...]) -> User | None:
        if "error" in outcome:
            raise AuthenticationError(outcome["error"])
        user = outcome["user"]
        return User(user["username"], user["uid"], tuple(user["groups"]))

    async def body(api: Asked) -> None:
        sent = json.dumps({"spec": answer["spec"]}).encode()
        ours = await api.raw("POST", PATH, sent)
        assert ours.body.decode() == json.dumps(answer, separators=(",", ":")) + "\n"

    on_api(body, "1.13.5", chain=authenticate)


def test_the_handler_limit_answers_as_recorded() -> None:
    plane = simulated(Version.parse("1.13.5"))
    assert json.loads(status.handler_timeout(plane).body) == RECORDED[2]
