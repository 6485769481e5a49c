import sqlite3

import pytest
from sqlalchemy import text

from evalkit.core.errors import InputError, StoreError
from evalkit.study import Store
from evalkit.study.store import default_url


def test_the_default_store_is_a_file_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALKIT_HOME", str(tmp_path))
    monkeypatch.delenv("EVALKIT_STORE", raising=False)
    with Store():
        assert (tmp_path / "studies.sqlite").exists()
    monkeypatch.setenv("EVALKIT_STORE", "sqlite:///elsewhere.sqlite")
    assert default_url() == "sqlite:///elsewhere.sqlite"


def test_a_commit_on_sqlite_is_on_the_disk_and_readers_do_not_wait(tmp_path):
    with Store(tmp_path / "s.sqlite") as store, store.writing() as session:
        assert session.execute(text("PRAGMA synchronous")).scalar() == 2
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        with store.reading() as other:
            assert other.execute(text("SELECT count(*) FROM studies")).scalar() == 0


def test_what_fails_in_a_block_leaves_nothing_behind(store):
    insert = text("INSERT INTO organisers (token_hash, made_at, ends_at) VALUES ('x', 1, 2)")

    def failing() -> None:
        with store.writing() as session:
            session.execute(insert)
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    with store.reading() as session:
        assert session.execute(text("SELECT count(*) FROM organisers")).scalar() == 0


def test_a_store_can_be_opened_again(url):
    for _ in range(2):
        with Store(url) as store, store.reading() as session:
            assert session.execute(text("SELECT count(*) FROM studies")).scalar() == 0


@pytest.mark.parametrize(
    ("address", "said"),
    [("mysql://x/y", "cannot be mysql"), ("no address://", "not one"), ("oracle://host", "cannot be oracle")],
)
def test_an_address_of_another_kind_is_refused(address, said):
    with pytest.raises(InputError, match=said):
        Store(address)


def test_a_server_that_is_not_there_is_named_without_its_password():
    with pytest.raises(StoreError, match="cannot be opened") as refused:
        Store("postgresql+psycopg://ann:secret@127.0.0.1:1/studies")
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, this is no database at all" * 50)
    with pytest.raises(StoreError, match="not a database"):
        Store(path)
    assert path.read_text().startswith("dear diary")


def test_a_store_of_a_newer_evalkit_is_refused(tmp_path):
    path = tmp_path / "s.sqlite"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer evalkit"):
        Store(path)
