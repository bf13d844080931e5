"""The one way in which this tool fails: a sentence that says what to do."""

from __future__ import annotations

EXIT_FAILED = 4  # "dependency unreachable", the code that every command of Handshake uses for it


class KafkaToolError(Exception):
    """Kafka could not be fetched, started or stopped."""
