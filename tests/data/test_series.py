import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from evalkit.core.errors import InputError, ModelError, SchemaError, ShapeError
from evalkit.core.sample import Series, Table, Texts
from evalkit.data import SeriesEncoder, load, spool, timed

DRAW = np.random.Generator(np.random.Philox(9))
N = 40
FRAME = pd.DataFrame(
    {
        "when": pd.date_range("2026-01-01", periods=N, freq="min").append(pd.date_range("2026-02-01", periods=N, freq="min")),
        "pump": ["b"] * N + ["a"] * N,
        "pressure": DRAW.normal(size=2 * N).round(4),
        "note": ["a few words on what was seen in this minute"] * 2 * N,
        "valve": DRAW.integers(0, 2, 2 * N),
    }
)


def said(sample):
    return {(problem.column, problem.what.partition(":")[0]): problem.rows for problem in sample.problems}


def _write(form, folder):
    path = folder / f"pumps{form}"
    match form:
        case ".csv":
            FRAME.to_csv(path, index=False)
        case ".parquet":
            FRAME.to_parquet(path)
        case ".jsonl":
            FRAME.to_json(path, orient="records", lines=True, date_format="iso", double_precision=15)
    return path


@pytest.mark.parametrize("form", [".csv", ".parquet", ".jsonl", "pandas", "polars"])
def test_every_table_with_a_time_is_series(form, tmp_path):
    source = {"pandas": FRAME, "polars": pl.from_pandas(FRAME)}.get(form)
    series = load(_write(form, tmp_path) if source is None else source, time="when", entity="pump")
    assert isinstance(series, Series)
    assert series.entities == ("a", "b")
    assert series.channels == ("pressure", "valve")
    assert np.array_equal(series.steps(1), FRAME[["pressure", "valve"]].to_numpy(float)[:N])
    assert np.array_equal(series.times, np.concatenate([FRAME["when"][N:], FRAME["when"][:N]]).astype("M8[ns]"))
    assert said(series) == {("note", "holds one value only"): None, ("note", "holds no numbers"): None}


def test_tables_stay_tables_until_time_is_named(tmp_path):
    assert isinstance(load(_write(".csv", tmp_path)), Table)
    assert load(FRAME, modality="series", entity="pump").schema.names[0] == "when"


def test_rows_are_put_in_order_of_time():
    shuffled = FRAME.sample(frac=1.0, random_state=0)
    series = load(shuffled, time="when", entity="pump")
    assert np.array_equal(series.values, load(FRAME, time="when", entity="pump").values)
    assert said(series)["when", "is not in order"] > 0


def test_a_number_may_say_when():
    steps = pd.DataFrame({"step": np.arange(30), "level": DRAW.normal(size=30)})
    series = load(steps, modality="series")
    assert series.times.dtype == np.float64
    assert series.times.tolist() == list(range(30))
    assert series.problems == ()
    assert series.entities == ("table",)


def test_gaps_and_doubled_times_are_reported():
    frame = FRAME[:N].drop(columns=["note", "pump"]).drop(index=[5, 6, 20])
    series = load(pd.concat([frame, frame[:2]]), time="when")
    found = said(series)
    assert found["when", "repeats an earlier time of its entity"] == 2
    assert found["when", "jumps by more than one and a half of the usual step"] == 2
    assert found["when", "is not in order"] > 0
    assert len(series.values) == N - 1


def test_missing_times_are_left_out_and_missing_values_stay():
    frame = FRAME[:N].drop(columns=["note", "pump"]).copy()
    frame.loc[3, "when"] = pd.NaT
    frame.loc[4, "pressure"] = np.nan
    frame["nothing"] = np.nan
    series = load(frame, time="when")
    assert len(series.values) == N - 1
    assert np.isnan(series.values[3, 0])
    assert said(series) == {
        ("when", "is missing"): 1,
        ("nothing", "is empty"): N,
        ("when", "jumps by more than one and a half of the usual step"): 1,
    }


def test_entities_of_different_pace_are_reported():
    slow = FRAME[:N].assign(when=pd.date_range("2026-01-01", periods=N, freq="h"), pump="slow")
    assert ("when", "has steps of different length from entity to entity") in said(
        load(pd.concat([FRAME, slow]), time="when", entity="pump")
    )


def test_under_a_schema_channels_mean_the_same(tmp_path):
    reference = load(FRAME, time="when", entity="pump")
    turned = FRAME[FRAME.columns[::-1]].assign(more=1.5)
    turned.to_csv(tmp_path / "new.csv", index=False)
    again = load(tmp_path / "new.csv", schema=reference.schema)
    assert again.channels == reference.channels
    assert np.array_equal(again.values, reference.values)
    assert said(again) == {("note", "is not a column of the reference"): None, ("more", "is not a column of the reference"): None}
    one = load(FRAME[:1], schema=reference.schema)
    assert one.values.tolist() == [reference.steps(1)[0].tolist()]
    assert load(FRAME.drop(columns="pump")[:N], schema=reference.schema).entities == ("",)
    with pytest.raises(SchemaError, match="'pressure'"):
        load(FRAME.drop(columns="pressure"), schema=reference.schema)


def test_arrays_are_series_when_asked_for(tmp_path):
    values = DRAW.normal(size=(3, 7, 2))
    series = load(values, modality="series")
    assert len(series) == 3
    assert series.channels == ("channel_1", "channel_2")
    assert np.array_equal(series.steps(2), values[2])
    assert np.array_equal(load(values[0], modality="series").values, values[0])
    assert load(values[0, :, 0], modality="series").values.shape == (7, 1)
    np.save(tmp_path / "a.npy", values)
    assert np.array_equal(load(tmp_path / "a.npy", modality="series").values, series.values)
    named = load(FRAME[:N].drop(columns=["note", "pump"]), time="when").schema
    assert load(values, schema=named).channels == ("pressure", "valve")
    assert load(series, schema=series.schema) is series


@pytest.mark.parametrize(
    ("source", "settings", "error", "says"),
    [
        (FRAME.drop(columns="when"), {"modality": "series"}, SchemaError, "one column that says when, found none"),
        (FRAME.assign(then=FRAME["when"]), {"modality": "series"}, SchemaError, "found 'when', 'then'"),
        (FRAME, {"time": "nothing"}, SchemaError, "no column 'nothing' that can be its time"),
        (FRAME, {"time": "when", "entity": "nothing"}, SchemaError, "no column 'nothing' to tell entities apart"),
        (FRAME, {"time": "when", "entity": "when"}, SchemaError, "'when' that can be its time"),
        (FRAME, {"time": "note"}, SchemaError, "'note' .* row 1"),
        (FRAME[["when", "note"]], {"time": "when"}, SchemaError, "no column of numbers besides its time"),
        (FRAME[:3].assign(when=pd.NaT), {"time": "when"}, ShapeError, "no time in any of the 3 rows"),
        (FRAME.assign(pressure=np.inf), {"time": "when"}, InputError, "'pressure' holds an infinite number .* row 1"),
        (np.array([[1.0], [np.inf]]), {"modality": "series"}, InputError, "series 1 holds an infinite number in step 2"),
        (np.zeros((2, 0)), {"modality": "series"}, ShapeError, "no axis empty"),
        (np.array([["a"]]), {"modality": "series"}, InputError, "array of numbers"),
        (FRAME, {"time": "when", "column": "note"}, SchemaError, "texts and series at once"),
        (load(["a"]), {"modality": "series"}, SchemaError, "series needed, got texts"),
    ],
)
def test_what_cannot_be_series_is_refused(source, settings, error, says):
    with pytest.raises(error, match=says):
        load(source, **settings)


def test_channels_that_the_reference_lacks_are_refused():
    reference = load(np.zeros((4, 3)), modality="series")
    with pytest.raises(SchemaError, match="lacks the channel 'channel_3'"):
        load(np.zeros((4, 2)), schema=reference.schema)
    assert [problem.column for problem in load(np.zeros((4, 4)), schema=reference.schema).problems] == ["channel_4"]


def test_larger_than_memory(tmp_path, monkeypatch):
    many = pd.DataFrame({"t": np.arange(3000.0)[::-1], "x": DRAW.normal(size=3000), "who": ["b", "a", "c"] * 1000})
    many.to_parquet(tmp_path / "many.parquet")
    reference = load(many, time="t", entity="who")
    monkeypatch.setattr(spool, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(timed, "_STEPS_AT_ONCE", 700)
    series = load(tmp_path / "many.parquet", time="t", entity="who")
    assert isinstance(series.values, np.memmap)
    assert series.name == "many.parquet"
    assert np.array_equal(series.values, reference.values)
    assert np.array_equal(series.times, reference.times)
    assert (series.entities, series.starts.tolist()) == (reference.entities, reference.starts.tolist())
    windows = SeriesEncoder(10, 5).fit(series).transform(series)
    assert isinstance(windows.values, np.memmap)
    many.loc[2500, "x"] = np.inf
    many.to_parquet(tmp_path / "many.parquet")
    with pytest.raises(InputError, match=r"from row 2,101 on, column 'x' holds an infinite number .* row 401"):
        load(tmp_path / "many.parquet", time="t")
    data = bytearray((tmp_path / "many.parquet").read_bytes())
    data[len(data) // 3 : len(data) // 2] = b"\xff" * (len(data) // 2 - len(data) // 3)
    (tmp_path / "many.parquet").write_bytes(bytes(data))
    with pytest.raises(InputError, match="Parquet file"):
        load(tmp_path / "many.parquet", time="t")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=4), st.integers(1, 12), st.data())
def test_windows_cover_every_step_and_go_back(lengths, length, data):
    stride = data.draw(st.integers(1, length))
    series = Series.of([DRAW.normal(size=(n, 2)) for n in lengths], ("x", "y"))
    series.values[0, 0] = np.nan
    encoder = SeriesEncoder.from_state(SeriesEncoder(length, stride).fit(series).to_state())
    windows = encoder.transform(series)
    assert windows.values.shape[1:] == (length, 2)
    back = encoder.decode(windows)
    assert back.starts.tolist() == series.starts.tolist()
    np.testing.assert_array_equal(back.values, series.values)
    assert back.times.tolist() == series.times.tolist()
    for i, (entity, start) in enumerate(zip(windows.entities, windows.starts, strict=True)):
        expected = series.steps(int(entity))[max(int(start), 0) : int(start) + length]
        np.testing.assert_array_equal(windows.values[i, -len(expected) :], expected)
        assert np.isnan(windows.values[i, : length - len(expected)]).all()
    alone = encoder.transform(series.take(np.array([len(lengths) - 1])))
    np.testing.assert_array_equal(alone.values, windows.values[windows.entities == len(lengths) - 1])


def test_drawn_windows_are_entities_of_their_own():
    reference = load(FRAME, time="when", entity="pump")
    encoder = SeriesEncoder(8, 8).fit(reference)
    windows = encoder.transform(reference)
    drawn = type(windows)(windows.values[:3], windows.channels, np.arange(3), np.zeros(3, dtype=np.int64))
    series = encoder.decode(drawn)
    assert series.entities == ("1", "2", "3")
    assert np.array_equal(series.values.reshape(3, 8, 2), windows.values[:3])
    assert series.times[:2].tolist() == reference.times[:2].tolist()
    assert series.schema == reference.schema


def test_what_cannot_be_encoded_is_refused():
    series = Series.of([np.zeros((5, 1))], ("x",))
    encoder = SeriesEncoder(4).fit(series)
    for other in (Series.of([np.zeros((5, 1))], ("y",)), Texts.of(["a"])):
        with pytest.raises(SchemaError, match="load them under its schema"):
            encoder.transform(other)
    with pytest.raises(SchemaError, match="another length"):
        encoder.decode(SeriesEncoder(3).fit(series).transform(series))
    with pytest.raises(InputError, match="got 4 and 5"):
        SeriesEncoder(4, 5).fit(series)
    with pytest.raises(ModelError, match="series encoder is damaged"):
        SeriesEncoder.from_state({**encoder.to_state(), "length": 0})
    with pytest.raises(NotFittedError):
        SeriesEncoder().transform(series)


def test_parquet_is_read_whole_where_it_is_small(tmp_path):
    FRAME.to_parquet(tmp_path / "a.parquet", row_group_size=7)
    assert pyarrow.parquet.ParquetFile(tmp_path / "a.parquet").metadata.num_row_groups > 5
    assert len(load(tmp_path / "a.parquet", time="when").values) == 2 * N
