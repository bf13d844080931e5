"""Where facts come from: a file, standard input, or a running Handshake's /api/v1/facts."""

from __future__ import annotations

import http.client
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.audit.fact import Fact, Unreadable, fact_of

_POLL_S = 0.25
_CONNECT_S = 10.0


def facts(source: str, key: str = "", follow: bool = False) -> Iterator[Fact | None]:
    """The facts of a source; while following, None stands for a moment without any.

    Raises Unreadable.
    """
    if source.startswith(("http://", "https://")):
        yield from _of_url(source, key, follow)
        return
    for number, line in enumerate(_lines(source, follow), 1):
        if line is None:
            yield None
        elif line.strip():
            yield fact_of(line, number)


def _lines(source: str, follow: bool) -> Iterator[bytes | None]:
    if source == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(source).open("rb") as file:
            yield from _tail(file) if follow else file
    except OSError as error:
        raise Unreadable(f"{source}: {error.strerror}") from None


def _tail(file: Iterator[bytes]) -> Iterator[bytes | None]:
    """Lines as they come; half a line waits for its other half."""
    held = b""
    while True:
        for part in file:
            held += part
            if held.endswith(b"\n"):
                yield held
                held = b""
        yield None
        time.sleep(_POLL_S)


def _of_url(url: str, key: str, follow: bool) -> Iterator[Fact | None]:
    seq, number = 0, 0
    while True:
        try:
            for line in _stream(_after(url, seq), key):
                number += 1
                fact = fact_of(line, number)
                seq = fact.seq
                yield fact
        except urllib.error.HTTPError as error:
            raise Unreadable(f"{url}: {error.code} {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:
            if not follow:
                raise Unreadable(f"{url}: {error}") from None
        if not follow:
            return
        # Asking again instead of one endless answer: a silent stream and a dead one look alike.
        yield None
        time.sleep(_POLL_S)


def _stream(url: str, key: str) -> Iterator[bytes]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (http or https, see facts)
    with urllib.request.urlopen(request, timeout=_CONNECT_S) as response:  # noqa: S310
        yield from response


def _after(url: str, seq: int) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    query.pop("follow", None)
    since = max(seq, int(query.get("since", "0")))
    return urlunsplit(parts._replace(query=urlencode(query | {"since": str(since)})))
