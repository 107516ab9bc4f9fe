"""Pods and what makes pods: which component runs with which flags, under which ServiceAccount, and where."""

import re
from collections.abc import Iterator

from snowpit.ingest.configuration import tree
from snowpit.ingest.configuration.flags import arguments, component_of, flags, version_of
from snowpit.ingest.configuration.rows import Row, Subject, of_flags
from snowpit.ingest.configuration.tree import Scalar, Tree

_TAG = re.compile(r"(?:.*/)?([^/:@]+)(?::([\w][\w.+-]*))?(?:@.*)?")
_RELEASE = re.compile(r"v?\d+\.\d+(?:\.\d+)?(?:[-+.][\w.+-]*)?")
_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet")


def workload(document: Tree, kind: str, shift: int) -> Iterator[Row]:
    """Rows of one workload: of each container its flags, image and identity; environment values are never read."""
    spec = _pod_spec(document)
    name = object_name(document)
    server = tree.text(spec, "nodeName") or _mirror(document)
    for container in tree.items(spec, "containers"):
        words = _words(container)
        image = tree.text(container, "image")
        found, rest = arguments(words) if words else ("", [])
        named = component_of(found) or image_component(image) or found
        component = named or tree.text(container, "name") or kind
        subject = Subject(
            component=component[:100],
            server=server,
            document="flags",
            object=name,
            version=_version(component, image, words),
            shift=shift,
        )
        yield from of_flags(subject, flags(rest if found else words))
        yield from _identity(subject.named(kind), spec, container)
    yield from _size(
        Subject(component=kind, document=kind, server=server, object=name, shift=shift), document
    )


def object_name(document: Tree) -> str:
    """``namespace/name`` of an object, as far as it tells."""
    name = tree.text(document, "metadata", "name") or tree.text(document, "metadata", "generateName")
    space = tree.text(document, "metadata", "namespace")
    return f"{space}/{name}" if space and name else name


def image_component(image: str) -> str:
    """The well-known component in an image's name; empty if another."""
    found = _TAG.fullmatch(image[:500])
    return component_of(found[1]) if found else ""


def _pod_spec(document: Tree) -> Tree:
    """The specification of pods: an object's own, or that of its template."""
    for path in (
        ("spec", "jobTemplate", "spec", "template", "spec"),
        ("spec", "template", "spec"),
        ("template", "spec"),
    ):
        found = tree.child(document, *path)
        if isinstance(found, dict):
            return found
    return tree.child(document, "spec")


def _words(container: Tree) -> list[Scalar]:
    """Command and arguments, in this order."""
    return [
        word
        for part in ("command", "args")
        for word in tree.items(container, part)
        if isinstance(word, Scalar)
    ]


def _version(component: str, image: str, words: list[Scalar]) -> str | None:
    """The release that the tag of the image tells of its component; of others the tag is kept as it is."""
    found = _TAG.fullmatch(image[:500])
    tag = (found[2] if found else None) or next(
        filter(None, (version_of(word.text) for word in words[:6])), ""
    )
    return tag if _RELEASE.fullmatch(tag) and component_of(component) else None


def _identity(subject: Subject, spec: Tree, container: Tree) -> Iterator[Row]:
    """What tells as whom a container runs and whether it knows its node."""
    for key, found in (
        ("image", tree.child(container, "image")),
        ("serviceAccountName", tree.child(spec, "serviceAccountName") or tree.child(spec, "serviceAccount")),
        ("hostNetwork", tree.child(spec, "hostNetwork")),
    ):
        if isinstance(found, Scalar):
            yield subject.row(key, found.text, found.line)
    for variable in tree.items(container, "env"):
        field = tree.child(variable, "valueFrom", "fieldRef", "fieldPath")
        name = tree.child(variable, "name")
        if isinstance(field, Scalar) and field.text == "spec.nodeName" and isinstance(name, Scalar):
            yield subject.row("nodeNameFrom", name.text, name.line)


def _size(subject: Subject, document: Tree) -> Iterator[Row]:
    owner = tree.child(document, "metadata", "ownerReferences")
    for reference in owner if isinstance(owner, list) else ():
        kind = tree.child(reference, "kind")
        if isinstance(kind, Scalar):
            yield subject.row("owner", f"{kind.text}/{tree.text(reference, 'name')}", kind.line)
    for key, path in (
        ("replicas", ("spec", "replicas")),
        ("nodes", ("status", "desiredNumberScheduled")),
    ):
        found = tree.child(document, *path)
        if isinstance(found, Scalar):
            yield subject.row(key, found.text, found.line)


def _mirror(document: Tree) -> str:
    """The node in the name of a static pod's mirror."""
    name = tree.text(document, "metadata", "name")
    known = next((known for known in _KUBERNETES if name.startswith(f"{known}-")), None)
    return name[len(known) + 1 :] if known else ""
