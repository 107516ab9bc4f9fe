"""What a stream of configuration is, told by its first bytes; an audit log, in any envelope, is never claimed."""

import re

from snowpit.ingest.configuration.apf_dumps import dump_of
from snowpit.ingest.configuration.commands import looks_like_commands
from snowpit.ingest.tolerant import sniff

_AUDIT = re.compile(
    rb"\"?auditID\"?\s*:|protoPayload|audit\.k8s\.io/v\d\w*[\"']?,?\s*[\"']?kind[\"']?\s*:\s*[\"']?Event"
)
_JSON_HEAD = re.compile(
    rb"\s*\[?\s*\{\s*\"(?:apiVersion|kind|metadata|items|spec|status|kubeletconfig|major|clientVersion|serverVersion|data)\"\s*:"
)
_JSON_KIND = re.compile(rb"\"kind\"\s*:\s*\"([A-Z]\w+)\"")
_YAML_KIND = re.compile(rb"^(?:- | {0,6})kind:\s*[\"']?([A-Z]\w+)", re.MULTILINE)
_VERSION = re.compile(rb"\"?gitVersion\"?\s*:")
_RULES = re.compile(
    rb"\A(?:[ \t]*(?:#[^\n]*)?\n)*(?:rules:\s*\n\s*)?- level: *[\"']?(?:None|Metadata|Request)", re.MULTILINE
)
_SHAPES = (
    (re.compile(rb"^(?:server|client)Version:|^gitVersion:", re.MULTILINE), "Kubernetes version (YAML)"),
    (re.compile(rb"^scrape_configs:", re.MULTILINE), "Prometheus configuration (YAML)"),
    (_RULES, "audit policy (YAML)"),
)
_KLOG = re.compile(rb"^[IWEF]\d{4} \d\d:\d\d:\d\d", re.MULTILINE)
_SECTION = re.compile(rb"\s*\[[A-Z][A-Za-z]+\]\s*\n")
_CLAIMABLE = ("JSON without audit events", "shipped log")
_FOREIGN = ("Kubernetes manifest", "audit policy", "text", "JSON", "log export (CSV)", "component log (klog)")


def manifest(head: bytes) -> str | None:
    """The kind of a stream of YAML or JSON objects; null if it is none."""
    if _AUDIT.search(head) or not _may_be(head):
        return None
    body = head.removeprefix(b"\xef\xbb\xbf")
    if body.lstrip()[:1] in (b"{", b"[") and body.lstrip()[:2] != b"{{":
        return _json(body)
    known = next((name for shape, name in _SHAPES if shape.search(body)), None)
    if known or _KLOG.search(body[:4096]) or b"apiVersion" not in body:
        return known
    kind = _YAML_KIND.search(body)
    policy = kind is not None and kind[1] == b"Policy" and b"audit.k8s.io" in body
    return "audit policy (YAML)" if policy else "Kubernetes manifest (YAML)" if kind else None


def _json(body: bytes) -> str | None:
    if not _JSON_HEAD.match(body):
        return None
    if re.match(rb"\s*\{\s*\"kubeletconfig\"", body):
        return "kubelet configuration (/configz)"
    if _VERSION.search(body[:4096]):
        return "Kubernetes version (JSON)"
    kind = _JSON_KIND.search(body)
    return "Kubernetes manifest (JSON)" if kind and b"apiVersion" in body and kind[1] != b"Event" else None


def dump(head: bytes) -> str | None:
    """The kind of a debug dump of API Priority and Fairness; null if it is none."""
    first = head.lstrip().split(b"\n", 1)[0][:2000].decode("utf-8", "replace")
    found = dump_of(first)
    return f"priority and fairness {found}" if found else None


def commands(head: bytes) -> str | None:
    """The kind of command lines as text; null if they are none."""
    json = head.lstrip()[:1] in (b"{", b"[") and not _SECTION.match(head)
    if json or _AUDIT.search(head):
        return None
    lines = head[:32768].decode("utf-8", "replace").splitlines()[:200]
    found = looks_like_commands(lines)
    return found if found == "flag dump" or (found and _may_be(head)) else None


def _may_be(head: bytes) -> bool:
    """Whether the reader of audit logs would find nothing in it."""
    kind = sniff(head)
    return kind.name.startswith(_CLAIMABLE) or kind.shape == "foreign" or kind.name.startswith(_FOREIGN)
