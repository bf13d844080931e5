"""Chaos on the real processes: `make chaos`, or `python -m tests.chaos`. See docs/chaos.md."""
