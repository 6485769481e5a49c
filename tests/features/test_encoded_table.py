"""What tables look like as features."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, SchemaError
from evalkit.data import load
from evalkit.features.encoded_table import EncodedTable


def features(reference: pd.DataFrame, rows: pd.DataFrame, **kinds: str) -> np.ndarray:
    table = load(reference, kinds=kinds or None)
    return EncodedTable().fit(table, seed=0).extract(load(rows, schema=table.schema)).values


def test_two_labels_differ_by_what_two_numbers_typically_do() -> None:
    draw = np.random.default_rng(0)
    numbers = pd.DataFrame({"x": draw.normal(size=2000)})
    values = features(numbers, numbers)
    typical = ((values[draw.permutation(2000)] - values) ** 2).sum(axis=1).mean()
    labels = pd.DataFrame({"x": ["red", "blue"] * 50})
    one, other = features(labels, labels)[:2]
    assert ((one - other) ** 2).sum() == 2.0
    assert typical == pytest.approx(2.0, rel=0.1)
    flags = pd.DataFrame({"x": [True, False] * 50})
    one, other = features(flags, flags)[:2]
    assert ((one - other) ** 2).sum() == 2.0


def test_new_and_missing_labels() -> None:
    reference = pd.DataFrame({"x": ["red"] * 30 + ["blue"] * 20})
    values = features(reference, pd.DataFrame({"x": ["red", "green", None]}), x="category")
    assert values.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]


def test_a_missing_number_lies_at_the_median_and_is_marked() -> None:
    reference = pd.DataFrame({"x": [1.5, 2.5, 3.5]})
    values = features(reference, pd.DataFrame({"x": [2.5, None]}), x="number")
    np.testing.assert_allclose(values, [[0.0, 0.0], [0.0, np.sqrt(2)]])


def test_a_column_of_many_parts_weighs_as_much_as_one_number() -> None:
    draw = np.random.default_rng(0)
    words = ["sea", "wind", "a ship", "sails", "the night", "Rain!", "42 waves"]
    notes = [" ".join(draw.choice(words, draw.integers(3, 9))) for _ in range(600)]
    values = features(pd.DataFrame({"x": notes}), pd.DataFrame({"x": notes}), x="text")
    assert 0.2 < values.var(axis=0).sum() < 1.2
    moments = pd.DataFrame({"x": pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 86_400 * 300, 600), unit="s")})
    assert 0.5 < features(moments, moments).var(axis=0).sum() < 1.2


def test_identifiers_say_nothing() -> None:
    rows = pd.DataFrame({"x": [1.5, 2.5], "id": ["a", "b"]})
    assert features(rows, rows, x="number", id="identifier").shape == (2, 2)
    with pytest.raises(SchemaError, match="identifiers"):
        features(rows[["id"]], rows[["id"]], id="identifier")


def test_infinite_numbers_are_refused_by_name() -> None:
    reference = load(pd.DataFrame({"x": [1.5, 2.5, 3.5]}), kinds={"x": "number"})
    fitted = EncodedTable().fit(reference, seed=0)
    endless = reference.take(slice(0, 2))
    endless.frame.loc[1, "x"] = np.inf
    with pytest.raises(InputError, match="'x' holds an infinite number in row 2"):
        fitted.extract(endless)
