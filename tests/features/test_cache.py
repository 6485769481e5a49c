"""Features on disk: used when they fit, computed again when there is any doubt."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.core.files import sha256
from evalkit.core.sample import Texts
from evalkit.data import load
from evalkit.features import Features, FromCallable, extract
from evalkit.features.encoded_table import EncodedTable

TEXTS = Texts.of(["to be", "or", "not"])


class Counted:
    """An extractor that counts how often it is asked."""

    name = "counted"

    def __init__(self, digest: str = "a" * 64) -> None:
        self.digest = digest
        self.asked = 0

    def extract(self, sample: Texts) -> Features:
        self.asked += 1
        values = np.array([[float(len(text)), self.asked] for text in sample.texts.to_pylist()])
        return Features(values, self.name, self.digest, np.arange(len(values)))


def test_the_same_rows_are_computed_once(tmp_path: Path) -> None:
    extractor = Counted()
    first, second = extract(extractor, TEXTS, tmp_path / "new" / "folder"), extract(extractor, TEXTS, tmp_path / "new" / "folder")
    assert extractor.asked == 1
    assert first.values.tobytes() == second.values.tobytes()
    assert (second.extractor, second.digest, second.rows.tolist()) == ("counted", "a" * 64, [0, 1, 2])


def test_other_rows_another_order_and_another_extractor_are_computed(tmp_path: Path) -> None:
    extractor, other = Counted(), Counted("b" * 64)
    for sample in (TEXTS, TEXTS.take(np.array([1, 0, 2])), Texts.of(["to b", "eor", "not"])):
        extract(extractor, sample, tmp_path)
    extract(other, TEXTS, tmp_path)
    assert (extractor.asked, other.asked) == (3, 1)


def test_the_file_says_what_it_was_made_from(tmp_path: Path) -> None:
    extract(Counted(), TEXTS, tmp_path)
    made_from = json.loads(next(tmp_path.glob("*.json")).read_text())["made_from"]
    assert (made_from["extractor"], made_from["extractor_digest"]) == ("counted", "a" * 64)
    assert {"evalkit", "numpy"} <= set(made_from["versions"])


def corrupted(path: Path, how: str) -> None:
    entry = path.with_suffix(".json")
    if how == "cut off":
        path.write_bytes(path.read_bytes()[:100])
    elif how == "a changed byte":
        data = bytearray(path.read_bytes())
        data[-60] ^= 1
        path.write_bytes(data)
    elif how == "another array":
        np.savez(path, values=np.zeros((3, 2)), rows=np.arange(3))
    elif how == "no provenance":
        entry.unlink()
    elif how == "foreign provenance":
        entry.write_text(entry.read_text().replace("a" * 64, "c" * 64))
    elif how == "broken provenance":
        entry.write_text("{")
    else:
        path.unlink()


HOW = ["cut off", "a changed byte", "another array", "no provenance", "foreign provenance", "broken provenance", "gone"]


@pytest.mark.parametrize("how", HOW)
def test_a_file_in_doubt_is_computed_again_and_mended(tmp_path: Path, how: str) -> None:
    extractor = Counted()
    extract(extractor, TEXTS, tmp_path)
    corrupted(next(tmp_path.glob("*.npz")), how)
    assert extract(extractor, TEXTS, tmp_path).values[0].tolist() == [5.0, 2.0]
    assert extract(extractor, TEXTS, tmp_path).values[0].tolist() == [5.0, 2.0]
    assert extractor.asked == 2


def test_arrays_that_are_no_features_are_computed_again(tmp_path: Path) -> None:
    extractor = Counted()
    extract(extractor, TEXTS, tmp_path)
    path = next(tmp_path.glob("*.npz"))
    entry = json.loads(path.with_suffix(".json").read_text())
    bad = (np.full((3, 2), np.nan), np.zeros(3), np.array([[None]], dtype=object), np.zeros((4, 2)), np.zeros((3, 2), np.float32))
    for asked, values in enumerate(bad, start=2):
        np.savez(path, values=values, rows=np.arange(3))
        path.with_suffix(".json").write_text(json.dumps(entry | {"sha256": sha256(path)}))
        extract(extractor, TEXTS, tmp_path)
        assert extractor.asked == asked


def test_no_cache_and_functions_of_the_user_leave_no_file(tmp_path: Path) -> None:
    own = FromCallable(lambda texts: [[1.0]] * len(texts), "own").fit(TEXTS, seed=0)
    extract(own, TEXTS, tmp_path)
    extract(Counted(), TEXTS)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_folders_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file is a file"):
        extract(Counted(), TEXTS, tmp_path / "file")


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert len(extract(Counted(), TEXTS, tmp_path / "file" / "below").values) == 3


def test_a_tables_cells_count(tmp_path: Path) -> None:
    reference = load(pd.DataFrame({"x": ["01", "1", "01", "1"] * 5, "y": [1.5, 2.5, 3.5, 4.5] * 5}), kinds={"x": "category"})
    fitted = EncodedTable().fit(reference, seed=0)
    one, other = (
        load(pd.DataFrame({"x": [cell, "2"], "y": [1.5, 2.5]}), kinds={"x": "number", "y": "number"}) for cell in ("01", "1")
    )
    first, second = (extract(fitted, sample, tmp_path).values for sample in (one, other))
    assert (first != second).any()
