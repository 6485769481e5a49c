import numpy as np

from evalkit.anomaly.explanation import top_columns, usual_values, value_texts
from evalkit.anomaly.members import Reference
from evalkit.anomaly.spaces import Spaces
from evalkit.data import TableEncoder, load
from tests.anomaly.mixed_rows import frame


def test_top_columns_are_ordered_and_end_where_shares_do():
    shares = np.array([[0.1, 0.7, 0.2], [0.0, 1.0, 0.0]])
    assert top_columns(shares).tolist() == [[1, 2, 0], [1, -1, -1]]
    assert top_columns(np.array([[1.0]])).tolist() == [[0, -1, -1]]


def test_usual_is_what_rows_that_are_alike_elsewhere_hold():
    table = load(frame(600))
    rows = TableEncoder().fit(table).transform(table).scored()
    reference = Reference(rows, Spaces(rows))
    i = int(np.argmax(rows.values[:, 0]))
    low, high = (float(end) for end in usual_values(reference, rows.take([i]), "y")[0].split(" – "))
    assert low <= 2 * rows.values[i, 0] <= high * 1.2
    assert usual_values(reference, rows.take([i]), "colour")[0] == "red"


def test_times_are_shown_as_a_range_of_the_day():
    draw = np.random.default_rng(99)
    minutes = draw.integers(9 * 60, 17 * 60, 300)
    times = np.datetime64("2024-01-01") + draw.integers(0, 20, 300).astype("m8[D]") + minutes.astype("m8[m]")
    table = load(frame(300).assign(when=times.astype("M8[ns]")))
    rows = TableEncoder().fit(table).transform(table).scored()
    night = rows.take([0]).values.copy()
    names = [feature.name for feature in rows.features]
    night[0, names.index("when: sine of the time of day")] = 0.0
    night[0, names.index("when: cosine of the time of day")] = 1.0
    start, end = usual_values(Reference(rows, Spaces(rows)), type(rows)(night, rows.features), "when")[0].split(" – ")
    assert "08:30" <= start <= "12:00"
    assert "14:00" <= end <= "17:30"


def test_values_are_shown_as_they_stood_and_cut_when_long():
    table = load(frame(30).assign(text=["word " * 100, *[f"some words {i}" for i in range(29)]]))
    assert len(value_texts(table, "text", np.array([0]))[0]) == 200
    assert value_texts(load(frame(30).assign(n=np.nan)), "n", np.array([3])) == ["missing"]
