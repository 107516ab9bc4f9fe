"""Prometheus' own configuration: jobs, periods and which credential they show."""

from collections.abc import Iterator

from snowpit.ingest.configuration import tree
from snowpit.ingest.configuration.rows import Row, Subject
from snowpit.ingest.configuration.tree import Scalar, Tree

_KEPT = (
    ("scrape_interval",),
    ("scrape_timeout",),
    ("metrics_path",),
    ("scheme",),
    ("bearer_token_file",),
    ("authorization", "credentials_file"),
    ("tls_config", "cert_file"),
)
_PRESENT = (("bearer_token",), ("authorization", "credentials"), ("basic_auth",))


def scraping(document: Tree, shift: int) -> Iterator[Row]:
    """Rows of a Prometheus configuration; none of another document."""
    interval = tree.child(document, "global", "scrape_interval")
    whole = Subject(component="prometheus", document="scrape_config", shift=shift)
    if tree.items(document, "scrape_configs") and isinstance(interval, Scalar):
        yield whole.row("global.scrape_interval", interval.text, interval.line)
    for job in tree.items(document, "scrape_configs"):
        name = tree.child(job, "job_name")
        subject = Subject(
            component="prometheus", document="scrape_config", object=tree.text(job, "job_name"), shift=shift
        )
        yield subject.row("job_name", subject.object, tree.line_of(name) if name else 0)
        yield from _job(subject, job)


def _job(subject: Subject, job: Tree) -> Iterator[Row]:
    for path in _KEPT:
        found = tree.child(job, *path)
        if isinstance(found, Scalar):
            yield subject.row(".".join(path), found.text, found.line)
    for path in _PRESENT:
        found = tree.child(job, *path)
        if found is not None:
            yield subject.row(f"{'.'.join(path)}.given", "true", tree.line_of(found))
    roles = [tree.child(item, "role") for item in tree.items(job, "kubernetes_sd_configs")]
    for role in roles:
        if isinstance(role, Scalar):
            yield subject.row("kubernetes_sd_configs.role", role.text, role.line)
