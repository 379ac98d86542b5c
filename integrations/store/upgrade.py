"""Bringing the tables to what this version needs, in one transaction, one process at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, inspect, text

from integrations.store.connections import migrating_engine
from integrations.store.errors import StoreDamaged, StoreTooNew
from integrations.store.protection import protect

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0010"  # the newest step that this version knows
LOCK_KEY = 0x6D757374  # "must"; any number that no other program of this database uses


def current(connection: Connection) -> str | None:
    """Tell the newest step that this database has taken; None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def upgrade(url: URL, *, to: str = HEAD) -> None:
    """Take every step that is missing; all of them or none."""
    engine = migrating_engine(url)
    try:
        with engine.begin() as connection:
            _alone(connection)
            _upgrade(connection, to)
            _check_foreign_keys(connection)
    finally:
        engine.dispose()


def _alone(connection: Connection) -> None:
    """Wait for another upgrade; SQLite's immediate transaction has done so already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})


def _upgrade(connection: Connection, to: str) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    now = current(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if now is not None and now not in known:
        raise StoreTooNew(
            f"The database was written by a newer Muster: it has step {now}, this one knows up to {HEAD}. "
            "Start the newer version, or put back a backup made before it."
        )
    if now != to:
        command.upgrade(config, to)
    protect(connection)


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise StoreDamaged(f"A row of {broken[0]} points to a row of {broken[2]} that is not there.")
