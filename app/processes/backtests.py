"""backtests: drafts over recorded traffic for the page of the rules, one at a time.

How far one is stands in the store, where whoever waits for it looks; there it is cancelled, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

import structlog

from app.adapters.cel_checks import problems_of
from app.adapters.store.rule_backtests import CANCELLED, DONE, FAILED, RUNNING, RuleBacktests
from app.adapters.store.traffic import Traffic
from app.core.backtest_report import Window
from app.core.errors import HandshakeError
from app.processes.backtest import Backtest, run_backtest
from app.wiring.base import Base, configuration

log = structlog.get_logger()

Texts = Mapping[str, str]


class _Cancelled(Exception):
    """Somebody has said in the store that it shall end."""


class Backtests:
    def __init__(self, base: Base) -> None:
        self._base = base
        self._store = RuleBacktests(base.database)
        self._running: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        return self._running is not None and not self._running.done()

    def begin(self, id_: str, live: Texts, draft: Texts, window: Window) -> bool:
        """Run it from now on; False where another one runs: two would leave no core to the rest."""
        if self.busy:
            return False
        self._running = asyncio.create_task(self._run(id_, live, draft, window))
        return True

    async def begin_anew(self) -> None:
        """At the start of `web`, of which there is one: what ran before was cut off."""
        await self._store.interrupted()

    async def close(self) -> None:
        """End the one that runs, and wait until its processes are gone."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _run(self, id_: str, live: Texts, draft: Texts, window: Window) -> None:
        try:
            test = await asyncio.to_thread(self._test, live, draft, window)
            made = await run_backtest(Traffic(self._base.database), test, partial(self._tell, id_))
        except _Cancelled:
            log.info("backtest_cancelled", backtest=id_)
        except asyncio.CancelledError:
            await self._store.end(id_, CANCELLED)
            raise
        except HandshakeError as error:
            await self._store.end(id_, FAILED, {"problem": str(error)})
        except Exception as error:  # a bug in it ends this run, and nothing else
            log.exception("backtest_failed", backtest=id_)
            await self._store.end(id_, FAILED, {"problem": f"{type(error).__name__}: {error}"})
        else:
            await self._store.end(id_, DONE, made.as_dict())

    async def _tell(self, id_: str, share: float) -> None:
        if await self._store.advance(id_, share) != RUNNING:
            raise _Cancelled

    def _test(self, live: Texts, draft: Texts, window: Window) -> Backtest:
        settings = self._base.settings
        return Backtest(
            live=configuration(settings, live),
            draft=configuration(settings, draft, problems_of),
            reps=tuple(self._base.takers()),
            at_risk_share=settings.sla.at_risk_share,
            window=window,
        )
