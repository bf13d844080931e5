"""The verbs of triage: one step a file, over a small batch, with ports for the outside world."""
