"""Dead letters: kept in the store with their bytes, and published on the topic `dead`."""

from __future__ import annotations

from collections.abc import Sequence

from app.adapters.kafka import TOPICS, Producer, Record
from app.adapters.store.dead import DeadLetterTable
from app.ports import DeadLetter

# Above this the message carries the sha256 and the store alone the bytes (1 MB).
MAX_IN_MESSAGE = 1_048_576


class KeptDeadLetters:
    def __init__(self, table: DeadLetterTable, producer: Producer) -> None:
        self._table = table
        self._producer = producer

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Keep, then publish. Raises Unavailable; burying again is harmless."""
        await self._table.add(letters)
        await self._producer.send([_record(letter) for letter in letters])


def _record(letter: DeadLetter) -> Record:
    whole = letter.raw is None or len(letter.raw) <= MAX_IN_MESSAGE
    return Record(
        topic=TOPICS["dead"],
        key=letter.src.encode(),
        value=letter.raw if whole else b"",
        headers={
            "reason": letter.code.encode(),
            "detail": letter.detail[:1000].encode(),
            "src": letter.src.encode(),
            "sha256": letter.sha256.encode(),
            "size": str(len(letter.raw or b"")).encode(),
            "at_ms": str(letter.at_ms).encode(),
        },
    )
