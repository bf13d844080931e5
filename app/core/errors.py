"""The ways in which work can fail, and what the caller does about each."""

from __future__ import annotations


class HandshakeError(Exception):
    """Something in Handshake failed."""

    code = "error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class Invalid(HandshakeError):
    """The input can never be processed: it goes to the dead letters, no retry."""

    def __init__(self, code: str, expected: str, got: str = "", field: str = "") -> None:
        sentence = f"Expected {expected}, got {got}" if got else f"Expected {expected}"
        super().__init__(f"{field}: {sentence}" if field else sentence)
        self.code = code
        self.field = field
        self.expected = expected
        self.got = got


class Unavailable(HandshakeError):
    """A part that we need is away: wait and try again, nothing is lost meanwhile."""

    code = "unavailable"


class Overtaken(Unavailable):
    """Facts of a life of Redis that has ended: a rebuild has gone on without them."""


class ReadOnly(Unavailable):
    """Task state cannot change now: Redis is away, full or being rebuilt. Nothing was changed."""

    code = "read_only"


class Unanswered(ReadOnly):
    """What was sent may have been done: no answer came, or it was lost on its way."""


class Conflict(HandshakeError):
    """A race was lost or the state does not allow it: normal, the caller is told why."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.code = code


class ConfigError(HandshakeError):
    """The configuration is wrong: every problem is listed at once, with file and key."""

    code = "config"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
