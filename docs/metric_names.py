"""The reference page of metrics: what is looked at, what it does not mean, and what it was called before."""

from snowpit.knowledge import metrics as knowledge

HEAD = """# Metrics

What is looked at in metrics, under the names and units of today's releases. Dumps in the Prometheus text format and in
OpenMetrics are read, several in one file too; answers of Prometheus' HTTP API saved to disk; a Prometheus server
(`--prometheus URL`); and a database of Prometheus, by way of `promtool`. The table `metrics` holds every sample; labels
not named here are added up before anything is measured.

A dump carries no time of its own. In this order it is taken from time stamps of the samples, a line beside the dump
(`date`), the name of the file, the process's last garbage collection (a Go process collects at least every two minutes)
and the time of the file; the coverage says which. Dumps with one start time are of one process.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, "\n## What exposes them\n\n", "| component | told by | source |\n|---|---|---|\n"]
    parts += [
        f"| {item.id} | {', '.join(f'`{sign}`' for sign in item.signs[:4])} | {item.source} |\n"
        for item in knowledge.components()
    ]
    parts.append("\n## What is looked at\n")
    parts += [_series(item) for item in knowledge.series()]
    parts.append(
        "\n## Former names\n\nµs: values and bounds were in microseconds. An old name is left as it is where the same dump"
        " exposes the new one as well. `verified`: read in the source or dump named; `recalled`: not checked.\n\n"
        "| formerly | today | unit | until | source | mark |\n|---|---|---|---|---|---|\n"
    )
    parts += [
        f"| `{_cell(item.old)}` | `{item.new}` | {'µs' if item.micro else ''} | {item.until} | {_cell(item.source)} |"
        f" {item.mark} |\n"
        for item in knowledge.renames()
    ]
    return "".join(parts)


def _series(item: knowledge.Series) -> str:
    by = f" By {', '.join(f'`{label}`' for label in item.by)}." if item.by else ""
    trap = f"\n\nTrap: {item.trap}" if item.trap else ""
    return f"\n### {item.name}\n\n{item.title} ({item.kind}).{by}{trap}\n\nSource: {item.source}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
