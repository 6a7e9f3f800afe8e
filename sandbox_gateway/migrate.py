"""Bringing a database to the schema of this version of the gateway."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect, text

# Any fixed number: it keeps two processes that start together from migrating at once.
_ADVISORY_LOCK = 7_239_410_556


def migrations_folder() -> Path:
    """Where Alembic's files lie: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations" / "gateway"


def head() -> str:
    """The newest revision; files are named `0001_what.py`, and the number is the revision."""
    return max(path.name.partition("_")[0] for path in (migrations_folder() / "versions").glob("[0-9]*_*.py"))


def current(engine: Engine) -> str | None:
    """The database's revision, None for an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def upgrade(database_url: str) -> tuple[str | None, str]:
    """Bring the database to the head, whole or not at all. Returns the revisions before and after."""
    engine = create_engine(database_url)
    try:
        before = current(engine)
        after = head()
        if before != after:
            _run_alembic(engine, after)
    finally:
        engine.dispose()
    return before, after


def _run_alembic(engine: Engine, revision: str) -> None:
    # Slow to import, and seldom needed.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    settings = Config()
    settings.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    if engine.dialect.name == "sqlite":
        # The driver would commit before every change of the schema; so it leaves transactions to us.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                settings.attributes["connection"] = connection
                command.upgrade(settings, revision)
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")
        return
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK})
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)
