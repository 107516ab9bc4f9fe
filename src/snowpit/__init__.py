"""snowpit: who overloads a Kubernetes API server, why, and what ends it.

The package is laid out as a house with floors; a room imports rooms on lower
floors only. See ``docs/explanation/architecture.md``.
"""

__version__ = "0.1.0"
