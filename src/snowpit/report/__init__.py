"""What is shown: one content tree that every renderer prints. This room formats; it neither measures nor judges.

Text from evidence is kept as it is in the tree; each renderer makes it
harmless for its own medium.
"""
