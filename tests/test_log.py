"""A log line carries no number of a card and no address, whoever wrote it."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from app import log

CARD, MAIL = "4111 1111 1111 1111", "kim@mail.example"


@pytest.fixture
def err(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Where the lines go, with the logs set up as a process does it."""
    root, err = logging.getLogger(), StringIO()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(sys, "stderr", err)
    log.configure("web")
    yield err
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_our_own_lines_are_masked(err: StringIO) -> None:
    structlog.get_logger("app").warning("refused", said=[CARD, {"by": MAIL}], tries=3)
    line = json.loads(err.getvalue())
    assert line["said"] == ["[card]", {"by": "[mail]"}]
    assert (line["tries"], line["process"], line["event"]) == (3, "web", "refused")
    assert line["ts"].startswith("20")


def test_tracebacks_are_masked(err: StringIO) -> None:
    try:
        raise ValueError(f"cannot read {CARD}")
    except ValueError:
        structlog.get_logger("app").exception("failed")
    line = json.loads(err.getvalue())
    assert "ValueError: cannot read [card]" in line["exception"]


def test_lines_of_libraries_are_masked(err: StringIO) -> None:
    logging.getLogger("library").error("no such row: %s", MAIL)
    line = json.loads(err.getvalue())
    assert line["event"] == "no such row: [mail]"
