"""The tables' history: what brings a store of any earlier version up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from evalkit.core.errors import StoreError

_LOCK = 7_263_511  # any number that only evalkit's migrations lock in a PostgreSQL server


def upgrade(engine: Engine) -> None:
    """Bring a database's tables up to date; processes that open it at the same time wait for the first.

    Raises:
        StoreError: a newer evalkit has written it.
    """
    scripts = ScriptDirectory(str(Path(__file__).parent))
    newest = scripts.get_current_head()
    with engine.execution_options(evalkit_writes=False).connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
            raise StoreError("the store was written by a newer evalkit: install that version or name another store")
        settings = Config()
        settings.set_main_option("script_location", str(Path(__file__).parent))
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
