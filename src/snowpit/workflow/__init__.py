"""The data flows, each on one screen: which rooms a question passes, in which order."""
