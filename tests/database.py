"""The database of a running stack as the tests look into it: one engine for each, which holds no connection open."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Engine, NullPool, create_engine

from app.config import database_url_of


@cache
def engine_of(url: str) -> Engine:
    """The engine for a database's URL as settings have it; to make one takes longer than most questions."""
    return create_engine(database_url_of(url), poolclass=NullPool)
