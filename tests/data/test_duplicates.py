import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.sample import Images, Series, Texts
from evalkit.data import content_hash, load, row_hashes, rows_also_in

FRAME = pd.DataFrame(
    {
        "id": ["r1", "r2", "r3", "r4"],
        "size": [0.0, -0.0, np.nan, 1.5],
        "word": ["a", "a", None, "b"],
        "day": pd.to_datetime(["2026-01-01", "2026-01-01", None, "2026-01-02"]),
    }
)


def test_rows_are_equal_in_everything_but_the_identifier():
    hashes = row_hashes(load(FRAME))
    assert hashes[0] == hashes[1]
    assert len(set(hashes.tolist())) == 3


@given(st.permutations(range(4)))
def test_hashes_follow_their_rows(order):
    np.testing.assert_array_equal(row_hashes(load(FRAME).take(np.array(order))), row_hashes(load(FRAME))[list(order)])


def test_rows_also_in_another_table():
    reference = load(FRAME)
    new = load(
        pd.DataFrame(
            {"size": [1.5, 2.5, None], "word": ["b", "b", None], "day": ["2026-01-02", "2026-01-02", ""], "id": ["x", "y", "z"]}
        )
    )
    assert rows_also_in(new, reference).tolist() == [True, False, True]


def test_a_value_more_or_less_changes_the_content():
    seen = {content_hash(load(FRAME))}
    for change in (
        {"word": ["a", "a", None, "c"]},
        {"size": [0.0, 0.0, 0.0, 1.5]},
        {"word": ["aa", "", None, "b"]},
        {"id": ["r1", "r2", "r3", "r5"]},
    ):
        seen.add(content_hash(load(FRAME.assign(**change))))
    seen.add(content_hash(load(FRAME.iloc[::-1])))
    seen.add(content_hash(load(FRAME.rename(columns={"word": "words"}))))
    assert len(seen) == 7


def test_hashes_are_the_same_in_another_process():
    program = (
        "import pandas as pd; from evalkit.data import content_hash, load, row_hashes;"
        "t = load(pd.DataFrame({'a': ['x', 'y', 'x'], 'b': [1.5, 2.5, 3.5]})); print(content_hash(t), row_hashes(t).tolist())"
    )
    runs = {subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout for _ in range(2)}
    table = load(pd.DataFrame({"a": ["x", "y", "x"], "b": [1.5, 2.5, 3.5]}))
    assert runs == {f"{content_hash(table)} {row_hashes(table).tolist()}\n"}


def test_an_identifier_alone_has_no_rows_in_common():
    assert row_hashes(load(pd.DataFrame({"id": [3, 1, 2]}))).tolist() == [0, 0, 0]


def changed(sample):
    """The same Sample with one thing changed."""
    match sample:
        case Images():
            pixels = sample.pixels.copy()
            pixels[0, 0, 0, 0] += 1
            return replace(sample, pixels=pixels)
        case Texts():
            return Texts.of([*sample.texts.to_pylist()[:-1], "other"])
        case _:
            return replace(sample, values=sample.values + 1)


@pytest.mark.parametrize(
    "sample",
    [
        Images.of(np.zeros((3, 2, 2, 1), dtype=np.uint8), captions=("a", "b", "c")),
        Texts.of(["ab", "c", ""]),
        Series.of([np.zeros((3, 2)), np.full((2, 2), np.nan)], ("x", "y")),
    ],
    ids=["images", "texts", "series"],
)
def test_what_a_sample_holds_decides_its_hash(sample):
    assert content_hash(sample) == content_hash(replace(sample, name="another"))
    assert content_hash(sample) != content_hash(changed(sample))
    assert content_hash(sample) != content_hash(sample.take(np.arange(len(sample))[::-1]))


def test_where_one_text_ends_and_the_next_begins_counts():
    assert content_hash(Texts.of(["ab", "c"])) != content_hash(Texts.of(["a", "bc"]))


def test_rows_of_every_modality_are_known_by_their_content():
    pixels = np.arange(32, dtype=np.uint8).reshape(2, 4, 4, 1)
    samples = [
        Texts.of(["to be", "or not", "to be"]),
        Images.of(pixels[[0, 1, 0]]),
        Series.of([np.zeros((3, 1)), np.ones((3, 1)), -np.zeros((3, 1))], ("level",)),
    ]
    for sample in samples:
        first, second, third = row_hashes(sample)
        assert first == third != second
        assert row_hashes(sample.take(np.array([1]))).tolist() == [second]
