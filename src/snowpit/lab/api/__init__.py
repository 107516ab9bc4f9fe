"""The API of a lab: resources on the store, reviews, discovery, and who may do what."""

from snowpit.lab.api.service import Api

__all__ = ["Api"]
