"""What is compared is read so that it means the same on all sides."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.run.evaluate import evaluate
from evalkit.run.side_by_side import side_by_side

VERSES = ["Roses are red, violets blue", "sugar is sweet, honey too"]


def ages(seed, n=300):
    return pd.DataFrame({name: np.random.default_rng((seed, i)).integers(0, 1000, n) for i, name in enumerate("abc")})


def test_fractions_in_a_column_of_counts_are_compared_as_they_are():
    """Read as missing, jittered copies of the fitted rows would look like new ones, and wild numbers like jittered copies."""
    real, fitted = ages(0), ages(1)
    jittered = (fitted + np.random.default_rng(2).normal(0, 0.01, fitted.shape)).abs()
    asked = {"metrics": ["kid", "membership_attack"], "closer": False}
    result = evaluate(real, {"jittered": jittered, "wild": fitted * 1000 + 0.5}, fitted=fitted, **asked)
    assert result.of("jittered")["membership_attack"].low > 0.9
    assert result.of("wild")["kid"].value > 10 * abs(result.of("jittered")["kid"].value)
    (said,) = (sentence for sentence in result.cautions if "whole numbers" in sentence)
    assert said.startswith("'a', 'b', 'c': whole numbers and none negative in the reference, but not in jittered, wild;")


def test_counts_on_all_sides_stay_counts():
    sides = side_by_side(ages(0), {"a": ages(1)}, ages(2))
    assert {column.kind for column in sides.real.schema.columns} == {"count"}
    assert not sides.cautions
    assert sides.drawn["a"].schema == sides.fitted.schema == sides.real.schema


def test_one_text_is_said_with_what_to_give(tmp_path):
    (tmp_path / "lines.txt").write_text("To be or not to be\nThat is the question\n")
    texts, lines = ["to be", "or not"], tmp_path / "lines.txt"
    with pytest.raises(InputError, match=r"lines.txt is one text, and texts are compared by many: give a folder"):
        side_by_side(lines, {"a": texts}, None)
    (said,) = side_by_side(texts, {"a": lines}, None).cautions
    assert said.startswith("a is one text, and texts are compared by many: give a folder")
    (tmp_path / "one.txt").write_text("To be or not to be")
    with pytest.raises(InputError, match=r"or --modality texts where each line is a text$"):
        side_by_side(tmp_path / "one.txt", {"a": texts}, None, modality="texts")


def test_an_error_says_whose_rows_it_is_about():
    real, wrong = pd.DataFrame({"size": [1.5, 2.5]}), pd.DataFrame({"size": ["1.5", "large"]})
    sides = {"reference": real, "generated": {"near": real, "far **b**": real}, "fitted": None}
    wrongs = {
        "generator 'far **b**'": {"generated": {"near": real, "far **b**": wrong}},
        "the fitted rows": {"fitted": wrong},
        "the reference": {"reference": wrong.assign(size=[1.5, np.inf])},
    }
    for whose, other in wrongs.items():
        with pytest.raises(InputError) as caught:
            side_by_side(**sides | other)
        assert str(caught.value).startswith(f"{whose}: column 'size' ")
        assert "in row 2" in str(caught.value)


def test_lines_that_were_taken_for_rows_of_a_table_are_noticed(tmp_path):
    (tmp_path / "verses.txt").write_text("\n".join(VERSES * 3))
    (tmp_path / "prose.txt").write_text("To be or not to be\n\nThat is the question\n")
    verses, prose = tmp_path / "verses.txt", tmp_path / "prose.txt"
    taken = "verses.txt was read as a table of 2 columns: give --modality texts if each line is a text"
    assert side_by_side(verses, {"a": verses}, None).cautions == [f"{taken}."]
    with pytest.raises(InputError) as caught:
        side_by_side(verses, {"a": prose}, None)
    assert str(caught.value).startswith(f"generator 'a' ({taken}): 'prose.txt' ")
    assert side_by_side(verses, {"a": verses}, None, modality="table").cautions == []


def test_of_texts_asked_for_each_line_of_a_file_is_one(tmp_path):
    (tmp_path / "verses.txt").write_text("\n".join(VERSES * 3))
    (tmp_path / "prose.txt").write_text("To be or not to be\n\nThat is the question\n")
    sides = side_by_side(tmp_path / "verses.txt", {"a": str(tmp_path / "prose.txt")}, ["one", "two"], modality="texts")
    assert sides.real.texts.to_pylist() == VERSES * 3
    assert sides.drawn["a"].texts.to_pylist() == ["To be or not to be", "", "That is the question"]
    assert sides.fitted.schema == sides.drawn["a"].schema == sides.real.schema
    assert not sides.cautions
