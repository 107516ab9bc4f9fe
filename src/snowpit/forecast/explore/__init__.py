"""A scenario at many points: maps, sweeps, branches and sensitivities, on all cores or on a cluster, resumable."""
