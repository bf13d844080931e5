"""Fuzzed rules: none that is let in goes beyond its budget, and none crashes."""
