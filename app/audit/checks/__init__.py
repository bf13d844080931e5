"""The invariants, one class each, in files by concern."""
