"""The tolerant reader: every shape that an audit log can have, every byte accounted for.

It is not the fast tier: it reads what the fast one cannot vouch for, and all
envelopes. Tokens and bodies go no further than its parser.
"""

from snowpit.ingest.tolerant.kinds import Chunk, Kind, Row
from snowpit.ingest.tolerant.scanner import Scanner, parse_line
from snowpit.ingest.tolerant.sniff import UTF16, sniff

__all__ = ["UTF16", "Chunk", "Kind", "Row", "Scanner", "parse_line", "sniff"]
