import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.core.sample import Images, Series, Texts
from evalkit.data import load
from evalkit.run.made import halves, shuffled


def table(n):
    draw = np.random.default_rng(0)
    a = draw.normal(size=n)
    return load(pd.DataFrame({"row": np.arange(n) + 0.5, "a": a, "b": 2 * a, "kind": draw.choice(["x", "y"], n)}))


def test_halves_share_no_row_and_are_equally_many():
    one, other = halves(table(101), seed=0)
    assert len(one) == len(other) == 50
    assert not set(one.frame["row"]) & set(other.frame["row"])


def test_a_seed_decides():
    assert halves(table(60), 3)[0].frame.equals(halves(table(60), 3)[0].frame)
    assert not halves(table(60), 3)[0].frame.equals(halves(table(60), 4)[0].frame)


@pytest.mark.parametrize("n", [1, 19])
def test_too_few_rows_are_refused(n):
    with pytest.raises(InputError, match=f"got {n}"):
        halves(table(n), 0)


def test_shuffled_columns_keep_their_values_and_lose_each_other():
    real = table(400)
    mixed = shuffled(real, 0)
    for name in real.frame:
        assert sorted(mixed.frame[name]) == sorted(real.frame[name])
    assert mixed.frame.dtypes.equals(real.frame.dtypes)
    assert abs(np.corrcoef(mixed.frame["a"], mixed.frame["b"])[0, 1]) < 0.2
    pd.testing.assert_frame_equal(load(mixed, schema=real.schema).frame, mixed.frame)


def test_each_pixel_keeps_its_values():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 1)).astype(np.uint8)
    mixed = shuffled(Images.of(pixels), 0).pixels
    assert mixed.dtype == np.uint8
    np.testing.assert_array_equal(np.sort(mixed, axis=0), np.sort(pixels, axis=0))
    assert (mixed != pixels).mean() > 0.8


def test_each_text_keeps_its_words():
    texts = ["one two three four", "", "five  six"]
    mixed = shuffled(Texts.of(texts), 0).texts.to_pylist()
    assert [sorted(text.split()) for text in mixed] == [sorted(text.split()) for text in texts]


def test_series_are_halved_in_time_and_shuffled_within_a_channel():
    steps = [np.arange(50.0)[:, None] * [1, 10], np.arange(31.0)[:, None] * [1, 10]]
    real = Series.of(steps, ("a", "b"))
    earlier, later = halves(real, 0)
    assert (earlier.steps(0)[-1, 0], later.steps(0)[0, 0]) == (24, 25)
    assert (earlier.steps(1)[-1, 0], later.steps(1)[0, 0], later.steps(1)[-1, 0]) == (14, 15, 29)
    assert earlier.entities == later.entities == real.entities
    mixed = shuffled(real, 0).values
    np.testing.assert_array_equal(np.sort(mixed, axis=0), np.sort(real.values, axis=0))
    assert not np.array_equal(mixed[:, 1], 10 * mixed[:, 0])


def test_short_series_are_refused():
    with pytest.raises(InputError, match="got 5"):
        halves(Series.of([np.zeros((30, 1)), np.zeros((5, 1))], ("a",)), 0)
