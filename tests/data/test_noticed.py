import numpy as np
import pandas as pd

from evalkit.data import load


def _problems(**columns):
    return {(problem.column, problem.what, problem.rows) for problem in load(pd.DataFrame(columns)).problems}


def test_what_is_odd_is_said():
    n = 20
    found = _problems(
        id=[f"x{i}" for i in range(n)],
        constant=[3.5] * n,
        empty=[None] * n,
        thin=[1.5, 2.5, *[None] * (n - 2)],
        fine=np.linspace(0, 1, n),
    )
    assert found == {
        ("id", "names the row and says nothing about it: left out of the model", None),
        ("constant", "holds one value only", None),
        ("empty", "is empty", n),
        ("thin", "is missing in 90 % of the rows", n - 2),
    }


def test_repeated_rows_are_counted_without_their_identifier():
    found = _problems(id=[7, 3, 9, 4], a=[1.5, 1.5, 2.5, 1.5], b=["x", "x", "y", "x"])
    assert (None, "repeat an earlier row in every column", 2) in found


def test_ordinary_data_have_no_problems():
    assert not _problems(a=[1.5, 2.5, 3.5, np.nan, 5.5], b=["x", "y", "x", "y", "x"])


def test_one_row_has_no_problems():
    assert not _problems(a=[1.5], b=["x"])
