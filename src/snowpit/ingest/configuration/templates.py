"""Manifests that are templates and no longer parse: flags are found by their look, line by line."""

import re
from collections.abc import Iterator

from snowpit.ingest.configuration.flags import component_of
from snowpit.ingest.configuration.rows import Row, Subject

_FLAG = re.compile(r"""(?:^|[\s"',\[])--([a-z][a-z0-9-]+)(?:=((?:\{\{[^{}]*\}\}|[^\s"',\]])*))?""")
_WORD = re.compile(r"[\w./-]{3,200}")


def template_rows(data: bytes, shift: int) -> Iterator[Row]:
    """Rows of the flags in a broken template.

    Args:
        data: The document.
        shift: Lines before it in the file.
    """
    text = data.decode("utf-8", "replace")
    component = next(filter(None, (component_of(word) for word in _WORD.findall(text[:65536]))), "")
    if not component:
        return
    subject = Subject(component=component, document="flags", object="template", shift=shift)
    for number, line in enumerate(text.split("\n"), start=1):
        for found in _FLAG.finditer(line):
            yield subject.row(found[1], "true" if found[2] is None else found[2], number)
