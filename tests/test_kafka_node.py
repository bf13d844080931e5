"""The local Kafka of the developers, without starting it."""

from __future__ import annotations

import uuid

import pytest

from tools.kafka import node


def test_a_cluster_id_never_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """One random id in 64 begins with a dash, and the format tool then refuses it."""
    drawn = iter([uuid.UUID(bytes=b"\xf8" + bytes(15)), uuid.UUID(bytes=b"\x04" + bytes(15))])
    monkeypatch.setattr(uuid, "uuid4", lambda: next(drawn))
    assert node._cluster_id() == "BAAAAAAAAAAAAAAAAAAAAA"
