from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError
from evalkit.run import uploads
from evalkit.run.uploads import Upload


@given(st.text())
def test_no_name_leads_out_of_the_folder(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("upload")
    kept = Upload(name, b"a\n1\n").keep_in(folder)
    assert kept.resolve().parent == folder.resolve()
    assert kept.read_bytes() == b"a\n1\n"


def test_an_ordinary_name_is_kept(tmp_path):
    assert Upload("Payments (May) 2.csv", b"x").keep_in(tmp_path) == tmp_path / "Payments (May) 2.csv"


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "..\\..\\passwd.csv", "/etc/passwd.csv"])
def test_only_the_last_part_of_a_path_is_kept(tmp_path, name):
    assert Upload(name, b"x").keep_in(tmp_path) == Path(tmp_path / "passwd.csv")


def test_the_ending_survives_a_long_name(tmp_path):
    assert Upload("a" * 500 + ".parquet", b"x").keep_in(tmp_path).suffix == ".parquet"


def test_empty_and_too_large_files_are_refused(monkeypatch):
    with pytest.raises(InputError, match="empty"):
        Upload("a.csv", b"").check_size()
    monkeypatch.setattr(uploads, "MAX_UPLOAD_MB", 1)
    Upload("a.csv", bytes(2**20)).check_size()
    with pytest.raises(InputError, match="at most 1 MB"):
        Upload("a.csv", bytes(2**20 + 2**16)).check_size()
