"""Whole files, fixed digits, and what ships with evalkit."""

import numpy as np
import pytest

from evalkit.core.bundled import bundled
from evalkit.core.errors import InputError
from evalkit.core.files import sha256, significant, whole_file, whole_folder


def test_a_failed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "scores.csv"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), whole_file(target) as path:
        path.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_new_file_appears_whole_with_its_folder(tmp_path):
    target = tmp_path / "new" / "scores.csv"
    with whole_file(target) as path:
        path.write_text("all")
        assert path.suffix == ".csv"
        assert not target.exists()
    # origin: coreutils' sha256sum
    assert sha256(target) == "5ef5ef0364b6939c4ca61f34b393f7b368d1be8619647aaf83d5b395919ab629"


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "new") as folder:
        (folder / "a").write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty").mkdir()
    with whole_folder(tmp_path / "empty") as folder:
        (folder / "a").write_text("all")
    assert (tmp_path / "empty" / "a").read_text() == "all"
    with pytest.raises(InputError, match="new folder"), whole_folder(tmp_path / "empty"):
        pass


def test_significant_digits_hide_the_last_bits():
    values = np.array([1 / 3, 2e300, -7e-9, 0.0])
    noisy = values * (1 + 1e-13)
    np.testing.assert_array_equal(significant(values), significant(noisy))
    np.testing.assert_allclose(significant(values), values, rtol=1e-7)


def test_what_ships_is_found_and_what_does_not_is_said():
    assert (bundled("data_samples") / "payments.csv").is_file()
    with pytest.raises(InputError, match="not part of this installation"):
        bundled("no_such_folder")
