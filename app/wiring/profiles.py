"""What is known of customers, with the order in which this installation shows it."""

from __future__ import annotations

from app.adapters.store.database import Database
from app.adapters.store.statements import Statements
from app.core.catalogue import Catalogue
from app.core.known import PRIVATE, Order
from app.settings import Settings


def order_of(settings: Settings, catalogue: Catalogue) -> Order:
    """Channels that the catalogue does not know are private as far as we know them."""
    channels = catalogue.channels.values()
    private = (PRIVATE | {one.name for one in channels}) - {c.name for c in channels if c.public}
    return Order(trusted=settings.profiles.trusted, private=private)


def statements(database: Database, settings: Settings, catalogue: Catalogue) -> Statements:
    return Statements(database, order_of(settings, catalogue))
