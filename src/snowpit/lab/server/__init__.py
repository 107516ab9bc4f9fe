"""The API server of a lab: the filters of its version around the API."""

from snowpit.lab.server.server import ApiServer

__all__ = ["ApiServer"]
