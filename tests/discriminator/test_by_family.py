import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from evalkit.core.errors import SchemaError
from evalkit.core.sample import Images, Series, Texts
from evalkit.discriminator import CLASSIFIER_TESTS
from evalkit.discriminator.by_family import RawTest


def images(seed, blur=0.0):
    noise = np.random.default_rng(seed).normal(128, 40, size=(160, 8, 8, 1))
    return Images.of(np.clip(gaussian_filter(noise, (0, blur, blur, 0)), 0, 255).astype(np.uint8))


def series(seed, *, turned=False):
    steps = np.random.default_rng(seed).exponential(1.0, size=(160, 12, 1)).cumsum(axis=1)
    return Series.of(list(steps[:, ::-1] if turned else steps), channels=("level",))


@pytest.mark.parametrize(("real", "alike", "other"), [
    (images(0), images(1), images(2, blur=0.6)),
    (series(0), series(1), series(2, turned=True)),
])  # fmt: skip
def test_raw_rows_are_told_apart_where_they_differ_and_only_there(real, alike, other):
    same, far = (RawTest().estimates(real, generated, seed=0)["c2st_raw"].interval() for generated in (alike, other))
    assert same.low < 0.5 < same.high
    assert far.low > 0.7


def test_other_data_is_refused():
    for reference, generated in ((Texts.of(["a"] * 20), Texts.of(["b"] * 20)), (images(0), series(0))):
        with pytest.raises(SchemaError, match="reads images or series"):
            RawTest().estimates(reference, generated, seed=0)


@pytest.mark.parametrize("name", [name for name, spec in CLASSIFIER_TESTS.items() if spec.reads == "features"])
def test_an_area_of_1_is_no_certainty(name):
    rows = np.random.default_rng(0).normal(size=(40, 2))
    (found,) = CLASSIFIER_TESTS[name].load()().estimates(rows, rows + 30, seed=0).values()
    value, low, high = found.interval()
    assert (value, high) == (1.0, 1.0)
    assert low < 0.95
