"""PostgreSQL as the record keeps every promise of the store, by the same tests as SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.adapters.store import full_text, tables
from app.adapters.store.database import Database
from app.adapters.store.ledger import Ledger
from app.adapters.store.migrate import migrate
from app.core.errors import Unavailable
from app.processes.tcp_ports import free_port
from tests.adapters.test_chats import *  # noqa: F403 (and these)
from tests.adapters.test_flights import *  # noqa: F403 (and these)
from tests.adapters.test_handoff_log import *  # noqa: F403 (and these)
from tests.adapters.test_history_rebuild import *  # noqa: F403 (and these)
from tests.adapters.test_identity import *  # noqa: F403 (and these)
from tests.adapters.test_ledger_chain import *  # noqa: F403 (and these, too)
from tests.adapters.test_model_changes import *  # noqa: F403 (and these)
from tests.adapters.test_outbound_log import *  # noqa: F403 (and these, too)
from tests.adapters.test_personal import *  # noqa: F403 (and these)
from tests.adapters.test_proactive import *  # noqa: F403 (and these)
from tests.adapters.test_rule_shadows import *  # noqa: F403 (and these, too)
from tests.adapters.test_rule_versions import *  # noqa: F403 (and these, too)
from tests.adapters.test_score_labels_kept import *  # noqa: F403 (and these, too)
from tests.adapters.test_seal import *  # noqa: F403 (and these, too)
from tests.adapters.test_signals_kept import *  # noqa: F403 (and these, too)
from tests.adapters.test_statements import *  # noqa: F403 (and these)
from tests.adapters.test_store import *  # noqa: F403 (its tests are collected here once more)
from tests.adapters.test_store import fact
from tests.adapters.test_store_pasts import *  # noqa: F403 (and these)
from tests.adapters.test_threads import *  # noqa: F403 (and these)
from tests.adapters.test_timeline import *  # noqa: F403 (and these)
from tests.live.postgres_node import end_connections, execute, new_database, postgres_url
from tests.processes.test_event_keeping import *  # noqa: F403 (and these)
from tests.processes.test_events import *  # noqa: F403 (and these)
from tests.processes.test_importing import *  # noqa: F403 (and these)

__all__ = ["postgres_url"]

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def store_url(postgres_url: str) -> str:
    url = new_database(postgres_url, "store")
    migrate(url)
    return url


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    """An empty store with the real schema: in place of the one on SQLite."""
    names = ", ".join(table.name for table in tables.metadata.sorted_tables)
    execute(store_url, f"TRUNCATE {names}, {full_text.TABLE} RESTART IDENTITY")
    database = Database(store_url)
    yield database
    database.close()


def test_this_is_postgresql(database: Database) -> None:
    assert database.engine.dialect.name == "postgresql"


def test_migrating_again_changes_nothing(store_url: str) -> None:
    migrate(store_url)


async def test_the_ledger_outgrows_32_bits(database: Database, store_url: str) -> None:
    execute(store_url, "ALTER SEQUENCE facts_seq_seq RESTART WITH 3000000000")
    ledger = Ledger(database)
    await ledger.append([fact("received", "a")])
    assert await ledger.last_seq() == 3_000_000_000
    assert len(await ledger.since(2_999_999_999)) == 1


async def test_a_connection_that_ended_while_idle_is_not_noticed(
    database: Database, store_url: str
) -> None:
    ledger = Ledger(database)
    await ledger.append([fact("received", "a")])
    assert end_connections(store_url) == 1
    await ledger.append([fact("received", "b")])
    assert [f["op_id"] for f in await ledger.since(0)] == ["a", "b"]


async def test_a_connection_that_ends_in_a_transaction_is_unavailable_and_changes_nothing(
    database: Database, store_url: str
) -> None:
    ledger = Ledger(database)

    def cut(connection: sa.Connection) -> None:
        connection.execute(sa.insert(tables.cursors).values(name="record", seq=7))
        end_connections(store_url)
        connection.execute(sa.select(tables.cursors))

    with pytest.raises(Unavailable):
        await database.write(cut)
    assert await ledger.cursor("record") == 0


async def test_a_server_that_is_away_is_unavailable() -> None:
    nowhere = Database(f"postgresql+pg8000://postgres@127.0.0.1:{free_port()}/store")
    with pytest.raises(Unavailable):
        await Ledger(nowhere).append([fact("received", "a")])
    nowhere.close()
