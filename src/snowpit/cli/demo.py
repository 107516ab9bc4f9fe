"""``snowpit demo``: the main job on bundled evidence."""

import os
from importlib.resources import as_file, files

import click

from snowpit.cli import formats, options
from snowpit.cli.diagnose import rendered
from snowpit.cli.output import remark, write
from snowpit.workflow.diagnosis import Question, run

NEXT = """
This was the audit log of a real kube-apiserver 1.13.5 under bursts of TokenReviews by kubelets. Next:
  snowpit diagnose /var/log/kubernetes/audit.log    your own log (plain, compressed, archived, exported from a cloud)
  snowpit explain token_review_storm                the hypothesis behind the first finding
  snowpit policy                                    an audit policy that shows what is needed and leaks no token"""


@click.command("demo")
@formats.output("text", "json", "markdown")
def command(output: str) -> int:
    """Diagnose the bundled recording of a real incident (kube-apiserver 1.13.5, TokenReviews by kubelets).

    Exit codes: as of diagnose; the incident is found, so 1.
    """
    with as_file(files("snowpit") / "evidence" / "real-apiserver-1.13.5" / "audit.log.gz") as path:
        shown = os.path.relpath(path)
        source = options.source((shown if len(shown) < len(str(path)) else str(path),), no_cache=True)
        case = run(Question(source=source))
    options.done(source)
    write(rendered(case, output))
    remark(NEXT)
    return case.exit_code
