import numpy as np
import pytest

from evalkit.core.errors import ShapeError
from evalkit.data.rows import Feature, Rows, add_by_column

FEATURES = (
    Feature(column="a", name="a1", kind="number"),
    Feature(column="b", name="b", kind="boolean", scored=False),
    Feature(column="a", name="a2", kind="number"),
)


def test_terms_add_up_by_column():
    terms = np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]])
    assert Rows(terms, FEATURES).columns == ("a", "b")
    assert Rows(terms, FEATURES).by_column(terms).tolist() == [[101.0, 10.0], [202.0, 20.0]]
    assert add_by_column(terms, FEATURES).sum() == terms.sum()


def test_what_is_not_scored_is_left_out():
    scored = Rows(np.ones((2, 3)), FEATURES).scored()
    assert [feature.name for feature in scored.features] == ["a1", "a2"]
    assert scored.values.shape == (2, 2)


def test_values_have_one_column_a_feature():
    with pytest.raises(ShapeError, match=r"shape \(n, 3\)"):
        Rows(np.ones((2, 2)), FEATURES)
