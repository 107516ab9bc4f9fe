"""Flags out of command lines, as lists of arguments and as shell text."""

import re
import shlex
from collections.abc import Iterator, Sequence

from snowpit.ingest.configuration.tree import Scalar

_FLAG = re.compile(r"--?([A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)
_COMPONENT = re.compile(
    r"(?:.*/)?(hyperkube|k3s|rke2|kube-apiserver|kube-controller-manager|kube-scheduler|kubelet|kube-proxy|metrics-server"
    r"|etcd|prometheus|kube-state-metrics|node[-_]exporter|cluster-autoscaler)(?:[-_]v?\d[\w.+-]*|-amd64|-arm64)?(?:\.exe)?"
)
_VERSIONED = re.compile(
    r"(?:.*/)?(?:hyperkube|kube-apiserver|kubelet|kube-controller-manager|kube-scheduler)[-_](v?1\.\d+\.\d+)"
)
_SHORT = {
    "apiserver": "kube-apiserver",
    "controller-manager": "kube-controller-manager",
    "scheduler": "kube-scheduler",
}
_SHELL = re.compile(r"(?:.*/)?(?:ba|da|a)?sh|(?:.*/)?(?:tini|timeout|dumb-init|nice|go-runner|exec|sudo)")
_VALUE = re.compile(r"[^-|;&<>]")
_LONGEST = 64 << 10


def component_of(word: str) -> str:
    """The well-known component that a command or image name runs; empty if another.

    >>> component_of("/usr/local/bin/kube-apiserver"), component_of("kube-apiserver-1.13.5"), component_of("nginx")
    ('kube-apiserver', 'kube-apiserver', '')
    """
    found = _COMPONENT.fullmatch(word[:200])
    return found[1].replace("node_exporter", "node-exporter") if found else ""


def version_of(word: str) -> str | None:
    """The release in the name of a binary such as ``kube-apiserver-1.13.5``; null if it has none."""
    found = _VERSIONED.match(word[:200])
    return found[1] if found else None


def flags(words: Sequence[Scalar]) -> Iterator[tuple[str, Scalar]]:
    """Flags with their values among arguments; a flag without value is ``true``.

    ``--name value`` is read as a pair where the next word is no flag.
    """
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        found = _FLAG.fullmatch(word.text.strip()) if word.text[:1] == "-" else None
        if found is None:
            continue
        name, value = found[1], found[2]
        follows = words[at] if at < len(words) else None
        if value is None and follows is not None and _VALUE.match(follows.text):
            value = follows.text
            at += 1
        yield name, Scalar("true" if value is None else value.strip("'\""), word.line)


def arguments(words: Sequence[Scalar]) -> tuple[str, list[Scalar]]:
    """The component that a list of words runs, and its arguments.

    Wrappers (``sh -c "exec kube-apiserver ..."``, ``go-runner``, ``timeout``, ``hyperkube kube-apiserver``) are
    looked through. A component that is not well known is named by its binary.
    """
    flat = list(_flat(words))
    for at, word in enumerate(flat):
        name = component_of(word.text)
        if name == "hyperkube" and at + 1 < len(flat):
            inner = _SHORT.get(flat[at + 1].text, flat[at + 1].text)
            return component_of(inner) or inner, flat[at + 2 :]
        if name:
            return name, flat[at + 1 :]
    first = next((word.text for word in flat if word.text[:1] != "-" and not _SHELL.fullmatch(word.text)), "")
    plain = re.fullmatch(r"(?:[\w./-]*/)?([a-z][\w.-]{1,60})", first)
    return (plain[1] if plain else ""), flat


def _flat(words: Sequence[Scalar]) -> Iterator[Scalar]:
    """Words with shell text split where it holds a command line."""
    for word in words:
        if re.search(r"\s--?[A-Za-z]", word.text) and " " in word.text.strip():
            yield from split(word.text, word.line)
        else:
            yield word


def split(text: str, line: int) -> Iterator[Scalar]:
    """Words of shell text, with the line in which each stands; quotes and continued lines are understood.

    Args:
        text: At most 64 KiB of it are read.
        line: Line of its first character; 0 if not known.
    """
    pending = ""
    for number, part in enumerate(text[:_LONGEST].split("\n")):
        words = part.rstrip("\r").removesuffix("\\")
        if words.lstrip().startswith("#"):
            continue
        try:
            found = shlex.split(pending + words, comments=False)
            pending = ""
        except ValueError:  # an open quote: it closes in a later line, or never
            found = words.replace('"', " ").replace("'", " ").split()
        for word in found:
            yield Scalar(word, line + number if line else 0)
