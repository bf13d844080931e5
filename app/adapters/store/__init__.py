"""The system of record: SQLite by default, any database of SQLAlchemy's behind the same code."""
