"""Everything around the API servers of a lab: kubelets, what scrapes them, and clients."""
