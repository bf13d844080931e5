"""The demo: a seeded, fictional world that talks, and simulated colleagues who answer."""
