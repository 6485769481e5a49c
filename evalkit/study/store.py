"""The store: one database that holds studies, votes and evidence, SQLite by default or PostgreSQL."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import platformdirs
from sqlalchemy import Engine, create_engine, event, insert
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from evalkit.core.errors import InputError, MissingExtraError, StoreError
from evalkit.study.tables import Base

WHERE = "EVALKIT_STORE"
"""The environment variable that names the store."""

_PATIENCE = 30.0  # seconds to wait for another writer, and for a server that went away
T = TypeVar("T")


def default_url() -> str:
    """The store's address: what ``EVALKIT_STORE`` says, else ``studies.sqlite`` in ``EVALKIT_HOME`` or the user's data folder."""
    folder = Path(os.environ.get("EVALKIT_HOME") or platformdirs.user_data_dir("evalkit", appauthor=False))
    return os.environ.get(WHERE) or f"sqlite:///{folder / 'studies.sqlite'}"


class Store:
    """An open store. Its tables are brought up to date when it is opened.

    Args:
        url: ``sqlite:///FILE``, ``postgresql+psycopg://USER@HOST/NAME``, or a path, which means a SQLite file. By default
            :func:`default_url`.

    Raises:
        InputError: the address is none that evalkit can use.
        StoreError: the database cannot be reached or is not evalkit's.
        MissingExtraError: PostgreSQL without the extra ``postgres``.

    SQLite serves one machine: it waits for other writers instead of failing, and a vote is on the disk before it is acknowledged.
    Several machines need PostgreSQL.
    """

    def __init__(self, url: str | Path | None = None) -> None:
        from evalkit.study.migrations import upgrade

        self.url = _address(url)
        if self.url.get_backend_name() == "sqlite" and self.url.database not in (None, "", ":memory:"):
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
        self.engine = _engine(self.url)
        try:
            upgrade(self.engine)
        except DBAPIError as error:
            self.engine.dispose()
            raise StoreError(
                f"the store {self.shown} cannot be opened: {_reason(error)}; check --store and that it runs"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    @property
    def shown(self) -> str:
        """The address without a password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; it sees one state of the store throughout."""
        with Session(self.engine.execution_options(evalkit_writes=False)) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are all on the disk when the block ends, or none of them are."""
        with Session(self.engine.execution_options(evalkit_writes=True)) as session, session.begin():
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Do work in one transaction; once more if the database went away meanwhile, for as long as half a minute.

        The work must be such that doing it twice is the same as doing it once: a connection may break after the database has kept
        the changes and before it said so.

        Raises:
            StoreError: the database did not come back.
        """
        return self._patiently(self.writing, work)

    def read(self, work: Callable[[Session], T]) -> T:
        """Read in one transaction; once more if the database went away meanwhile.

        Raises:
            StoreError: the database did not come back.
        """
        return self._patiently(self.reading, work)

    def _patiently(self, block: Callable[[], AbstractContextManager[Session]], work: Callable[[Session], T]) -> T:
        until, pause = time.monotonic() + _PATIENCE, 0.05
        while True:
            try:
                with block() as session:
                    return work(session)
            except OperationalError as error:
                if time.monotonic() > until:
                    raise StoreError(f"the store {self.shown} does not answer: {_reason(error)}; try again") from error
                time.sleep(pause)
                pause = min(2 * pause, 0.5)


def insert_all(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows at once, past the bookkeeping of single objects."""
    if rows:
        session.execute(insert(table.__table__), rows)  # type: ignore[arg-type]


def _address(url: str | Path | None) -> URL:
    """The database's address as SQLAlchemy knows it."""
    given = str(url or default_url())
    try:
        address = make_url(given if "://" in given else f"sqlite:///{given}")
    except (ArgumentError, ValueError) as error:
        raise InputError("the store's address is not one: write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME") from error
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername not in ("sqlite", "postgresql+psycopg"):
        raise InputError(f"the store cannot be {address.drivername}: it is sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")
    return address


def _engine(address: URL) -> Engine:
    """An engine whose writers take their turn at the start of a transaction."""
    settings: dict[str, Any] = {"connect_args": {"timeout": _PATIENCE}} if address.get_backend_name() == "sqlite" else {}
    try:
        engine = create_engine(address, pool_pre_ping=True, **settings)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise MissingExtraError('PostgreSQL needs psycopg: pip install "evalkit[postgres]"') from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Readers beside a writer, and a commit that is on the disk."""
    connection.isolation_level = None  # else Python's driver begins transactions by itself, later than needed
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Any) -> None:
    """A writer that first read and then waits for the lock would fail at once: it takes the lock before it reads."""
    writes = connection.get_execution_options().get("evalkit_writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _reason(error: DBAPIError) -> str:
    """The driver's own first line."""
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
