import uuid

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, SchemaError
from evalkit.data import load

N = 200
DRAW = np.random.Generator(np.random.Philox(7))
WHOLE = DRAW.permutation(10 * N)[:N]

COLUMNS = {
    "number": {
        "amount": DRAW.normal(size=N),
        "year": DRAW.integers(1990, 2026, N),
        "balance": DRAW.integers(-50, 50, N),
        "cents": DRAW.integers(0, 10**7, N),
        "seven": np.full(N, 7),
        "mixed": ["1.5", "2e3"] * (N // 2),
    },
    "count": {
        "items": DRAW.poisson(3, N),
        "children": DRAW.poisson(1, N).astype(float),
        "visits": [str(value) for value in DRAW.poisson(5, N)],
        "rating": DRAW.integers(1, 6, N),
    },
    "category": {
        "colour": DRAW.choice(["red", "green", "blue"], N),
        "zip_code": DRAW.integers(10_000, 99_999, N) // 1000,
        "shop_id": DRAW.integers(1, 9, N),
        "padded": [f"{value:03d}" for value in DRAW.integers(1, 20, N)],
        "answer": ["yes"] * N,
        "town": DRAW.choice(["New York", "Rio de Janeiro", "Bonn"], N),
        "declared": pd.Categorical(DRAW.integers(1, 4, N)),
    },
    "boolean": {
        "flag": DRAW.choice([True, False], N),
        "paid": DRAW.choice(["yes", "no"], N),
        "binary": DRAW.integers(0, 2, N),
        "ja": DRAW.choice(["Ja", "Nein"], N),
        "letters": DRAW.choice(["t", "f"], N),
    },
    "datetime": {
        "time": pd.date_range("2026-01-01", periods=N, freq="h"),
        "zoned": pd.date_range("2026-01-01", periods=N, freq="h", tz="Europe/Vienna"),
        "day": pd.date_range("2026-01-01", periods=N).strftime("%d.%m.%Y"),
        "american": pd.date_range("2026-01-01", periods=N).strftime("%m/%d/%Y"),
    },
    "text": {
        "review": [f"The {i}th visit was fine, thank you very much indeed" for i in DRAW.integers(0, 150, N)],
        "user": ["".join(DRAW.choice(list("abcdefghij"), DRAW.integers(4, 9))) for _ in range(N)],
    },
    "identifier": {
        "customer_id": WHOLE,
        "orderNo": WHOLE + 1000,
        "Unnamed: 0": np.arange(N),
        "who": [str(uuid.UUID(int=int(value))) for value in WHOLE],
        "invoice": [f"INV-{value:06d}" for value in WHOLE],
    },
}
CASES = [(kind, name) for kind, columns in COLUMNS.items() for name in columns]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_kinds_are_found(kind, name):
    table = load(pd.DataFrame({name: COLUMNS[kind][name], "other": DRAW.normal(size=N)}))
    assert table.schema[name].kind == kind


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, name in CASES if name not in {"declared"}])
def test_the_same_kinds_are_found_in_a_file(kind, name, tmp_path):
    path = tmp_path / "x.csv"
    pd.DataFrame({name: COLUMNS[kind][name], "other": DRAW.normal(size=N)}).to_csv(path, index=False)
    assert load(path).schema[name].kind == kind


def test_missing_values_change_no_kind():
    for kind, columns in COLUMNS.items():
        for name in columns.keys() - {"declared"}:
            values = columns[name]
            series = pd.Series(values).astype(object)
            series.iloc[5] = None
            found = load(pd.DataFrame({name: series, "other": 1.5})).schema[name].kind
            assert kind in {found, "identifier"}


def test_the_user_knows_better():
    frame = pd.DataFrame({"items": [1, 2, 3], "answer": ["yes", "no", "yes"], "code": ["1", "2", "3"]})
    table = load(frame, kinds={"items": "category", "answer": "category", "code": "number"})
    assert table.frame.to_dict("list") == {"items": ["1", "2", "3"], "answer": ["yes", "no", "yes"], "code": [1.0, 2.0, 3.0]}


def test_kinds_that_cannot_be_are_refused():
    frame = pd.DataFrame({"word": ["1", "two"]})
    with pytest.raises(SchemaError, match="'word' needs a number in every row and holds something else in row 2"):
        load(frame, kinds={"word": "number"})
    with pytest.raises(SchemaError, match="'wrod'"):
        load(frame, kinds={"wrod": "number"})
    with pytest.raises(InputError, match="one of number, count"):
        load(frame, kinds={"word": "numeric"})
    with pytest.raises(SchemaError, match="'n' needs a date"):
        load(pd.DataFrame({"n": [1, 2]}), kinds={"n": "datetime"})


def test_the_row_of_an_infinite_number_is_counted_in_the_whole_column():
    with pytest.raises(InputError, match=r"'x' holds an infinite number .* in row 3"):
        load(pd.DataFrame({"x": ["", "1.5", "inf"]}))


def test_ambiguous_dates_are_said():
    table = load(pd.DataFrame({"day": ["01/02/2026", "03/04/2026"]}))
    assert "cannot be told apart" in table.problems[0].what
    assert load(pd.DataFrame({"day": ["13/02/2026", "03/04/2026"]})).schema["day"].day_first
