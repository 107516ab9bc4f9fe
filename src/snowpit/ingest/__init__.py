"""Evidence into the request table: files, directories, archives and standard input, with an account of every byte."""

from snowpit.ingest.reading import Progress, read

__all__ = ["Progress", "read"]
