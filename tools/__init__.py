"""Tools for developers and tests; nothing here runs in the product."""
