from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.data.dates import day_first_in, read_moments

_FORMATS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%B %d, %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S",
    "%d/%m/%Y %I:%M:%S %p",
    "%d-%m-%Y %H:%M:%S",
]
_MOMENTS = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


def _read(*texts, day_first=True):
    return read_moments(pa.array(list(texts), pa.large_string()), day_first=day_first)


@given(_MOMENTS, st.sampled_from(_FORMATS))
def test_common_formats_are_read(moment, form):
    assert pd.Timestamp(_read(moment.strftime(form)).moments[0]) == moment


@given(_MOMENTS)
def test_the_column_says_which_part_of_a_date_with_slashes_is_the_day(moment):
    assert pd.Timestamp(_read(moment.strftime("%m/%d/%Y"), day_first=False).moments[0]) == pd.Timestamp(moment).normalize()


@given(_MOMENTS, st.integers(-14 * 4, 14 * 4))
def test_offsets_lead_to_utc(moment, quarters):
    sign, minutes = "-" if quarters < 0 else "+", 15 * abs(quarters)
    text = f"{moment.isoformat()}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    assert pd.Timestamp(_read(text).moments[0]) == moment - timedelta(minutes=15 * quarters)


def test_fractions_and_zones():
    moments = _read("2026-01-02T03:04:05.5Z", "2026-01-02 03:04:05,123456789", "2026-01-02T03:04 UTC").moments
    expected = ["2026-01-02T03:04:05.500000000", "2026-01-02T03:04:05.123456789", "2026-01-02T03:04:00.000000000"]
    assert np.datetime_as_string(moments).tolist() == expected


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-13-01", "2026-01-01 25:00", "2026-01-01 13:00 PM", "2026", "12.5", "31 Foo 2026", "1.2.26"]
)
def test_what_is_no_date(text):
    assert not _read(text).readable[0]


def test_what_nanoseconds_cannot_hold_is_outside():
    found = _read("9999-12-31", "0001-01-01", "2026-01-01", None)
    assert found.outside.tolist() == [True, True, False, False]
    assert np.isnat(found.moments).tolist() == [True, True, False, True]
    assert found.readable.tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("texts", "expected"), [(["13/01/2026"], True), (["01/13/2026"], False), (["01/02/2026"], None), (["2026-01-02"], False)]
)
def test_day_first_in(texts, expected):
    assert day_first_in(pa.array(texts, pa.large_string())) is expected
