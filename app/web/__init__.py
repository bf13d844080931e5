"""HTTP: the screens, the API, the event streams and intake."""
