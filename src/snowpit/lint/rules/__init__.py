"""Rules: one file, one rule."""
