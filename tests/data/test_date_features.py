import numpy as np
import pandas as pd
import pytest

from evalkit.data import TableEncoder, load


def _encoded(**columns):
    table = load(pd.DataFrame(columns))
    rows = TableEncoder().fit(table).transform(table)
    return {feature.name: rows.values[:, i] for i, feature in enumerate(rows.features)}


def test_parts_agree_with_pandas():
    moments = pd.Series(pd.to_datetime(["1969-12-31 23:59:59", "2026-02-28 06:00:00", "2024-02-29 12:00:00"]))
    found = _encoded(t=moments)
    np.testing.assert_array_equal(found["t: weekday"], moments.dt.day_of_week)
    np.testing.assert_array_equal(found["t: day of the month"], moments.dt.day)
    angle = 2 * np.pi * (moments - moments.dt.normalize()) / pd.Timedelta(days=1)
    np.testing.assert_allclose(found["t: sine of the time of day"], np.sin(angle), atol=1e-11)
    np.testing.assert_allclose(found["t: cosine of the time of day"], np.cos(angle), atol=1e-11)
    np.testing.assert_allclose(found["t: days since 1970"], [-1 / 86400, 20512.25, 19782.5], rtol=1e-12)


def test_only_parts_that_vary_are_encoded():
    assert list(_encoded(t=pd.date_range("2026-01-01", periods=20))) == ["t: days since 1970", "t: weekday"]
    assert "t: day of the month" in _encoded(t=pd.date_range("2026-01-01", periods=40))


def test_gaps_are_measured_between_neighbouring_columns():
    days = pd.date_range("2026-01-01", periods=3)
    found = _encoded(a=days, x=[1.5, 2.5, 3.5], b=days + pd.Timedelta(hours=36), c=[days[0], pd.NaT, days[2]])
    assert found["b: days after a"].tolist() == [1.5, 1.5, 1.5]
    np.testing.assert_array_equal(found["c: days after b"], [-1.5, np.nan, -1.5])
    assert "c: days after a" not in found


@pytest.mark.parametrize("frequency", ["D", "h", "min", "s", "ms", "us"])
def test_moments_are_decoded_to_the_references_resolution(frequency):
    table = load(pd.DataFrame({"t": pd.date_range("2026-01-01", periods=50, freq=frequency)}))
    encoder = TableEncoder().fit(table)
    assert encoder.decode(encoder.transform(table)).frame.equals(table.frame)
