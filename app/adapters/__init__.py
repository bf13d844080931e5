"""The outside world behind the ports: one file for each technology and port."""
