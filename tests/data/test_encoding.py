import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from evalkit.core.errors import InputError, ModelError, SchemaError
from evalkit.core.sample import Table
from evalkit.data import Rows, TableEncoder, load

DRAW = np.random.Generator(np.random.Philox(11))
N = 300


def _frame():
    start = pd.Timestamp("2026-01-01") + pd.to_timedelta(DRAW.integers(0, 10**7, N), unit="s")
    return pd.DataFrame(
        {
            "order_id": [f"A-{i:05d}" for i in range(N)],
            "amount": np.round(DRAW.lognormal(3, 1, N), 2),
            "items": DRAW.poisson(3, N),
            "paid": DRAW.choice(["yes", "no"], N),
            "colour": DRAW.choice(["red", "green", "blue"], N, p=[0.6, 0.3, 0.1]),
            "ordered": start,
            "sent": (start + pd.to_timedelta(DRAW.integers(0, 9, N), unit="D")).normalize(),
            "note": ["".join(DRAW.choice(list("abcdef ÄÖ.,1"), DRAW.integers(3, 60))).strip() or "x" for _ in range(N)],
        }
    ).mask(DRAW.random((N, 8)) < [0, *[0.1] * 7])


TABLE = load(_frame())
ENCODER = TableEncoder().fit(TABLE)
ROWS = ENCODER.transform(TABLE)


def test_features_say_what_they_are():
    assert [column.kind for column in TABLE.schema.columns] == [
        "identifier",
        "number",
        "count",
        "boolean",
        "category",
        "datetime",
        "datetime",
        "text",
    ]
    kinds = {feature.name: feature.kind for feature in ENCODER.features}
    assert kinds["amount"] == "number"
    assert kinds["items"] == "count"
    assert kinds["paid"] == "boolean"
    assert kinds["colour"] == kinds["sent: weekday"] == "category"
    assert kinds["sent: days after ordered"] == "number"
    assert not any(feature.column == "order_id" for feature in ENCODER.features)
    assert [feature.name for feature in ENCODER.features if not feature.scored] == [
        "ordered: days since 1970",
        "sent: days since 1970",
    ]
    assert len(kinds) == len(ENCODER.features)


def test_levels_are_ordered_by_frequency():
    assert next(feature.levels for feature in ENCODER.features if feature.column == "colour") == ("red", "green", "blue")


def test_missing_values_are_missing_in_every_feature_of_their_column():
    for column in ROWS.columns:
        mine = [i for i, feature in enumerate(ROWS.features) if feature.column == column and "after" not in feature.name]
        missing = TABLE.frame[column].isna().to_numpy()
        np.testing.assert_array_equal(np.isnan(ROWS.values[:, mine]), np.repeat(missing[:, None], len(mine), axis=1))
    gap = next(i for i, feature in enumerate(ROWS.features) if "after" in feature.name)
    np.testing.assert_array_equal(np.isnan(ROWS.values[:, gap]), TABLE.frame[["ordered", "sent"]].isna().any(axis=1).to_numpy())


@settings(max_examples=60)
@given(st.lists(st.integers(0, N - 1), min_size=1, max_size=9))
def test_a_row_is_encoded_the_same_alone_and_in_any_company(rows):
    chosen = np.array(rows)
    assert ENCODER.transform(TABLE.take(chosen)).values.tobytes() == ROWS.values[chosen].tobytes()


def test_what_is_decoded_is_what_was_encoded():
    decoded = ENCODER.decode(ROWS)
    for column in TABLE.schema.columns:
        if column.kind in {"identifier", "text"}:
            assert decoded.frame[column.name].isna().all()
        else:
            pd.testing.assert_series_equal(decoded.frame[column.name], TABLE.frame[column.name])
    assert {problem.column for problem in decoded.problems} == {"order_id", "note"}
    assert decoded.schema == TABLE.schema
    again = ENCODER.transform(decoded).values
    kept = [i for i, feature in enumerate(ROWS.features) if feature.column != "note"]
    np.testing.assert_allclose(again[:, kept], ROWS.values[:, kept], rtol=1e-12)


def test_generated_values_are_brought_to_what_the_reference_could_hold():
    values = ROWS.values[:1].copy()
    for place, feature in enumerate(ROWS.features):
        values[0, place] = {"amount": 3.14159, "items": -0.7, "paid": 0.8, "colour": 9.0, "ordered: days since 1970": 1e9}.get(
            feature.name, values[0, place]
        )
    decoded = ENCODER.decode(Rows(values, ROWS.features)).frame.iloc[0]
    assert (decoded["amount"], decoded["items"], decoded["paid"], decoded["colour"]) == (3.14, 0.0, 1.0, None)
    assert decoded["ordered"] is pd.NaT


def test_state_is_plain_json_and_holds_everything():
    state = json.loads(json.dumps(ENCODER.to_state()))
    restored = TableEncoder.from_state(state)
    assert restored.features == ENCODER.features
    assert restored.schema == ENCODER.schema
    assert restored.transform(TABLE).values.tobytes() == ROWS.values.tobytes()
    assert restored.decode(ROWS).frame.equals(ENCODER.decode(ROWS).frame)


@pytest.mark.parametrize("damage", [{"encoders": [{"kind": "pickle"}]}, {"tables_schema": None}, {"more": 1}])
def test_a_damaged_state_is_refused(damage):
    with pytest.raises(ModelError, match="table encoder is damaged"):
        TableEncoder.from_state({**ENCODER.to_state(), **damage})


def test_reordered_and_extra_columns_change_nothing():
    frame = _as_source(TABLE)[::-1].assign(extra=1)
    assert ENCODER.transform(load(frame, kinds={"colour": "category"})).values.tobytes() == ROWS.values[::-1].tobytes()


def _as_source(table):
    return table.frame[list(reversed(table.schema.names))].assign(paid=table.frame["paid"].map({1.0: "yes", 0.0: "no"}))


def test_unseen_labels_share_the_code_after_the_last():
    table = load(pd.DataFrame({"colour": ["red", "mauve", None], "n": [1.5, 2.5, 3.5]}))
    encoder = TableEncoder().fit(load(pd.DataFrame({"colour": ["red", "blue", "red"], "n": [1.5, 2.5, 3.5]})))
    np.testing.assert_array_equal(encoder.transform(table).values[:, 0], [0.0, 2.0, np.nan])


def test_at_most_64_levels():
    labels = [f"label{i}" for i in range(80) for _ in range(3)] + ["label79"]
    encoder = TableEncoder().fit(load(pd.DataFrame({"label": labels}), kinds={"label": "category"}))
    assert len(encoder.features[0].levels) == 64
    assert encoder.features[0].levels[0] == "label79"


def test_huge_numbers_pass():
    table = load(np.array([[1e300, 0.25], [-1e300, 0.5]]))
    encoder = TableEncoder().fit(table)
    np.testing.assert_array_equal(encoder.decode(encoder.transform(table)).frame.to_numpy(), table.frame.to_numpy())


def test_an_infinite_value_in_a_table_made_by_hand_is_refused():
    table = load(np.array([[1.5, 2.5], [3.5, 4.5]]))
    encoder = TableEncoder().fit(table)
    broken = Table("made", table.schema, table.frame.assign(column_1=[1.0, -np.inf]))
    with pytest.raises(InputError, match="'column_1' holds an infinite number in row 2"):
        encoder.transform(broken)


def test_only_identifiers_cannot_be_encoded():
    with pytest.raises(SchemaError, match="no column besides identifiers"):
        TableEncoder().fit(load(pd.DataFrame({"id": [3, 1, 2]})))


def test_before_fit():
    with pytest.raises(NotFittedError):
        TableEncoder().transform(TABLE)


def test_rows_of_another_encoder_are_not_decoded():
    other = TableEncoder().fit(load(np.ones((2, 2))))
    with pytest.raises(SchemaError, match="other features"):
        ENCODER.decode(other.transform(load(np.ones((2, 2)))))


def test_feature_names_are_unique_even_when_columns_are_called_like_features():
    days = pd.date_range("2026-01-01", periods=3)
    table = load(pd.DataFrame({"t: weekday": [1.5, 2.5, 3.5], "t": days}))
    names = [feature.name for feature in TableEncoder().fit(table).features]
    assert names == ["t: weekday", "t: days since 1970", "t: weekday'"]
