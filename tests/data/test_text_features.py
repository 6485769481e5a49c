import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.schema import Column
from evalkit.data.text_features import N_BUCKETS, FreeTextEncoder

ENCODER = FreeTextEncoder.fit(Column(name="t", kind="text"), pd.DataFrame())


def _encoded(*texts):
    return ENCODER.encode(pd.DataFrame({"t": pd.Series(list(texts), dtype=object)}))


def test_lengths_and_characters():
    names = [feature.name for feature in ENCODER.features]
    found = dict(zip(names, _encoded("Ab 1,é")[0], strict=True))
    assert found["t: log of characters"] == np.log1p(6)
    assert found["t: log of words"] == np.log1p(2)
    shares = {name.removeprefix("t: share of "): value for name, value in found.items() if "share" in name}
    assert shares == {name: count / 6 for name, count in zip(shares, [2, 1, 1, 1, 1, 1], strict=True)}


def test_missing_text_is_missing():
    assert np.isnan(_encoded("a", None)[1]).all()


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1), min_size=1, max_size=8))
def test_a_text_is_encoded_the_same_alone_and_in_any_company(texts):
    together = _encoded(*texts, *texts)
    for row, text in enumerate(texts):
        assert _encoded(text).tobytes() == together[row].tobytes() == together[len(texts) + row].tobytes()


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_values_are_bounded(text):
    values = _encoded(text)[0]
    assert np.isfinite(values).all()
    assert np.linalg.norm(values[-N_BUCKETS:]) <= 1 + 1e-12


def test_hashes_are_the_same_in_every_version():
    """Golden values of this encoder's first version: saved models depend on them."""
    buckets = _encoded("hello world")[0][-N_BUCKETS:]
    counts = [2, 0, 1, -1, 0, 1, 0, 0, 1, 1, -1, 0, 0, -1, 0, 0]
    np.testing.assert_allclose(buckets, np.array(counts) / np.sqrt(11), atol=1e-12)


def test_length_does_not_dominate():
    short, long = _encoded("the cat sat on the mat ", "the cat sat on the mat " * 1000)
    assert np.abs(short - long)[2:8].max() < 0.01
    assert np.abs(short - long)[-N_BUCKETS:].max() < 0.25


def test_a_megabyte_of_text_beside_short_texts():
    values = _encoded("x" * 10**6, "short", "y" * 2_500_000, "short")
    np.testing.assert_array_equal(values[1], values[3])
    assert values[0, 0] == pytest.approx(np.log(10**6), abs=1e-5)
