"""What `up` says: the addresses, the demo's people, and a live line of counters."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import httpx
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console as Rich

if TYPE_CHECKING:
    from app.processes.up import Up

_LIVE_S, _LOG_S = 1.0, 10.0


class Console:
    def __init__(self, up: Up) -> None:
        self._up = up
        self._rich = Rich(highlight=False, soft_wrap=True)

    def banner(self) -> None:
        up, say = self._up, self._rich.print
        took = time.monotonic() - up.started
        say(f"\n  [bold]Handshake[/] is ready after {took:.1f} s; nothing leaves this machine\n")
        pages = [("Desk", "/desk"), ("Floor", "/floor")]
        pages += [("Web chat", "/chat")] if up.settings.chat_open else []
        for name, path in (*pages, ("Metrics", "/metrics"), ("API docs", "/docs")):
            say(f"  {name:<9} {up.url}{path}")
        say(f"\n  {'sign in as':<12} {'password':<28} role")
        for user in up.users():
            say(f"  {user['name']:<12} {user['password']:<28} {user['role']}")
        say(f"\n  data      {up.data_dir} (addresses and keys: run.json)")
        if up.rules:
            say(f"  rules     version {up.rules.live.number}, by {up.rules.live.changed_by}")
            if up.rules.sentence:
                say(f"  [bold]rules     {up.rules.sentence}[/]")
        if "broker" in up.children:
            say("  broker    embedded, memory only, one worker; --kafka HOST:PORT for a real one")
        say("  Ctrl+C stops everything\n")

    async def follow(self) -> None:
        """Keep the line of counters up to date until cancelled."""
        live = sys.stdout.isatty()
        async with httpx.AsyncClient(timeout=2.0) as client:
            while True:
                line = await self._line(client)
                if live:
                    sys.stdout.write(f"\r\x1b[2K  {line}")
                    sys.stdout.flush()
                else:
                    self._rich.print(f"  {line}")
                await asyncio.sleep(_LIVE_S if live else _LOG_S)

    async def _line(self, client: httpx.AsyncClient) -> str:
        try:
            answer = await client.get(f"{self._up.url}/metrics")
        except httpx.HTTPError:
            return "the web process is starting again"
        # Whatever goes wrong with the figures, it must not end everything that we supervise.
        return summary(answer.text) if answer.is_success else "the figures are not to be had"


def summary(exposition: str) -> str:
    """One line out of Prometheus text."""
    total: dict[str, float] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            kind = sample.labels.get("outcome", "")
            for name in (sample.name, f"{sample.name}:{kind}"):
                total[name] = total.get(name, 0.0) + sample.value

    def count(name: str) -> int:
        return round(total.get(name, 0.0))

    offers = total.get("handshake_intake_to_offer_seconds_count", 0.0)
    mean = total.get("handshake_intake_to_offer_seconds_sum", 0.0) / offers if offers else 0.0
    return (
        f"mentions {count('handshake_mentions_total')}"
        f" · tasks {count('handshake_mentions_total:task')}"
        f" · waiting {count('handshake_queue_waiting')}"
        f" · at risk {count('handshake_queue_at_risk')}"
        f" · breached {count('handshake_queue_breached')}"
        f" · answered {count('handshake_response_seconds_count')}"
        f" · dead {count('handshake_dead_letters_total')}"
        f" · to offer, mean {mean:.2f} s"
    )
