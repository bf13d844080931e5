"""Wiring: from settings to the parts that a process needs. Adapters are built only here."""
