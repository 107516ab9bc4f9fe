"""What tells releases: ``/version``, ``kubectl version`` in all its shapes."""

import re
from collections.abc import Iterator

from snowpit.ingest.configuration import tree
from snowpit.ingest.configuration.rows import Row, Subject
from snowpit.ingest.configuration.tree import Scalar, Tree

_PARTS = (("serverVersion", "kube-apiserver"), ("clientVersion", "kubectl"))
_TEXT = re.compile(
    r"(Client|Server) Version:\s*(?:version\.Info\{.*?GitVersion:\"(v[^\"]{1,60})\"|(v\d[\w.+-]{1,60}))"
)
_KUBELET = re.compile(r"Kubernetes (v\d+\.\d+[\w.+-]{1,60})\s*")


def release(document: Tree, shift: int) -> Iterator[Row]:
    """Rows of ``/version`` or of ``kubectl version -o json|yaml``; none of another document."""
    if tree.text(document, "gitVersion") and tree.text(document, "major"):
        yield from _told("kube-apiserver", tree.child(document, "gitVersion"), shift)
    for key, component in _PARTS:
        found = tree.child(document, key, "gitVersion")
        if found is not None:
            yield from _told(component, found, shift)


def _told(component: str, found: Tree, shift: int) -> Iterator[Row]:
    if isinstance(found, Scalar):
        subject = Subject(component=component, document="version", version=found.text[:60], shift=shift)
        yield subject.row("version", found.text, found.line)


def release_line(line: str, number: int) -> Row | None:
    """The row of one line of ``kubectl version`` or ``kube-apiserver --version``; null if it tells no release."""
    found = _TEXT.match(line)
    if found:
        told = found[2] or found[3]
        component = "kube-apiserver" if found[1] == "Server" else "kubectl"
        return Subject(component=component, document="version", version=told).row("version", told, number)
    plain = _KUBELET.fullmatch(line)
    if plain:
        return Subject(component="kubernetes", document="version", version=plain[1]).row(
            "version", plain[1], number
        )
    return None
