"""Which pepper a database was written with: with another one no key, card or secret in it would be found again."""

from __future__ import annotations

import hashlib
import hmac

from sqlalchemy import Column, Integer, LargeBinary, Table, create_engine, select
from sqlalchemy.dialects import postgresql, sqlite

from sandbox_gateway.schema import metadata

_ONLY = 1

peppers = Table(
    "peppers",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("mark", LargeBinary(32), nullable=False),
)


def belongs(database_url: str, pepper: bytes) -> bool:
    """Whether the database was written with this pepper; a new database takes it as its own."""
    mark = hmac.new(pepper, b"mark", hashlib.sha256).digest()
    engine = create_engine(database_url)
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    try:
        with engine.begin() as connection:
            connection.execute(
                dialect.insert(peppers).values(only=_ONLY, mark=mark).on_conflict_do_nothing(index_elements=["only"])
            )
            known: bytes = connection.execute(select(peppers.c.mark)).scalar_one()
    finally:
        engine.dispose()
    return hmac.compare_digest(known, mark)
