"""The system under study: parameters of every mechanism, each with its source."""

from snowpit.cluster.control_plane import ControlPlane, Sourced, build, simulated, upgraded, with_values

__all__ = ["ControlPlane", "Sourced", "build", "simulated", "upgraded", "with_values"]
