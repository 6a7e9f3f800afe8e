"""Brings the app's database to the newest revision, and says which one it has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, inspect, text

_ADVISORY_LOCK = 4_021_903_117


@dataclass(frozen=True)
class Revision:
    """Where a database is (None: it is empty) and where it should be."""

    current: str | None
    newest: str

    @property
    def is_newest(self) -> bool:
        """Whether nothing is left to do."""
        return self.current == self.newest


def migrations_folder() -> Path:
    """The migration scripts: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations" / "app"


def revision(engine: Engine) -> Revision:
    """The database's revision; raises SQLAlchemyError when the database does not answer."""
    # Files are named `0001_what.py`, and the number is the revision: Alembic, slow to import, need not be asked.
    newest = max(path.name.partition("_")[0] for path in (migrations_folder() / "versions").glob("[0-9]*_*.py"))
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return Revision(None, newest)
        return Revision(connection.execute(text("SELECT version_num FROM alembic_version")).scalar(), newest)


def upgrade(engine: Engine) -> Revision:
    """Bring the database to the newest revision, whole or not at all; returns where it was.

    Several processes may try at once.
    """
    before = revision(engine)
    if not before.is_newest:
        _run_alembic(engine)
    return before


def _run_alembic(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415  # slow to import, and seldom needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
