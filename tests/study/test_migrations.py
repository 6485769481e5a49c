from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from evalkit.study.tables import Base


def test_the_migrations_lead_to_the_tables(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
