"""What is compared is read so that it means the same on all sides."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.run.evaluate import evaluate
from evalkit.run.side_by_side import side_by_side


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
