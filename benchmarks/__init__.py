"""Benchmarks: what one core and one worker do, measured side by side in one run."""
