"""``snowpit policy``: what to log."""

import click

from snowpit.cli.output import remark, write
from snowpit.knowledge.audit_policy import policy


@click.command("policy")
@click.option(
    "--version",
    default="",
    metavar="VERSION",
    help="Kubernetes version, e.g. 1.12.4  [default: a current one]",
)
@click.option(
    "--node", default="", metavar="NAME", help="The one node whose reviews are logged with content."
)
def command(version: str, node: str) -> int:
    """Print an audit policy that captures what a diagnosis needs without leaking tokens.

    The content of TokenReviews, which holds whole tokens, is logged for one node only; everything else at the
    level Metadata. The comments say how to apply it, to verify it and to clean up.
    """
    write(policy(version, node))
    if not node:
        remark("Replace NODE-NAME by the name of one node, or give --node.")
    return 0
