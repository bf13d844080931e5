"""Connectors: one for each way out. None sends without a permit that fits the message."""
