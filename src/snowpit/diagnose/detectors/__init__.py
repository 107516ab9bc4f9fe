"""One file, one hypothesis. Detectors do not know each other."""
