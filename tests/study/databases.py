"""Real databases: every test that asks for ``store`` runs on SQLite and on PostgreSQL."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from evalkit.study import Store
from evalkit.study.tables import Base


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a real server: the one that EVALKIT_TEST_POSTGRES names, else one started for these tests."""
    named = os.environ.get("EVALKIT_TEST_POSTGRES")
    if named:
        yield named
        return
    from tests.study.postgres_server import PostgresServer

    started = PostgresServer()
    try:
        yield started.address
    finally:
        started.stop()


@pytest.fixture(scope="session")
def postgres(server: str) -> str:
    """The address of a database of these tests' own, with evalkit's tables."""
    name = f"test_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'studies.sqlite'}"
    address: str = request.getfixturevalue("postgres")
    with Store(address) as opened, opened.writing() as session:
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store(url) as opened:
        yield opened
