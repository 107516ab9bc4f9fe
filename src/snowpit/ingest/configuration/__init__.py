"""Configuration: manifests, policies, flags and dumps become rows of the setting table.

A document is cut out of its stream, parsed with lines where the parser tells
them, and read by the reader of its kind. What is a Kubernetes object but of no
use is counted as such and named in the notes. Values that say or look like a
secret are blanked before they are stored.
"""

from snowpit.ingest.configuration.apf_dumps import read_dump
from snowpit.ingest.configuration.commands import read_commands
from snowpit.ingest.configuration.manifests import read_manifests
from snowpit.ingest.configuration.recognise import commands, dump, manifest

__all__ = ["commands", "dump", "manifest", "read_commands", "read_dump", "read_manifests"]
