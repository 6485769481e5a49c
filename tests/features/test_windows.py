"""What windows of series look like as features."""

import numpy as np
import pytest

from evalkit.core.errors import InputError, SchemaError
from evalkit.core.sample import Series
from evalkit.features.windows import Windows


def random_series(seed: int = 0, entities: int = 4, steps: int = 100) -> Series:
    draw = np.random.default_rng(seed)
    return Series.of([draw.normal(size=(steps, 3)).cumsum(axis=0) for _ in range(entities)], ("a", "b", "c"))


def test_a_window_by_hand() -> None:
    series = random_series()
    fitted = Windows(length=20).fit(series, seed=0)
    row = fitted.extract(series).values[6]  # entity 1, steps 20 to 39
    window = series.steps(1)[20:40]
    window = np.column_stack([scale.points(channel) for scale, channel in zip(fitted.scales, window.T, strict=True)])
    followed = [
        np.sum((x[:-1] - x.mean()) * (x[1:] - x.mean()))
        / np.sqrt(np.sum((x[:-1] - x.mean()) ** 2) * np.sum((x[1:] - x.mean()) ** 2))
        for x in window.T
    ]
    together = np.corrcoef(window.T)[[0, 0, 1], [1, 2, 2]]
    expected = [window.ravel() / np.sqrt(60)]
    expected += [part / np.sqrt(3) for part in (window.mean(axis=0), window.std(axis=0), followed, np.zeros(3), together)]
    np.testing.assert_allclose(row, np.concatenate(expected), atol=1e-12)


def test_rows_say_whose_window_it_is_and_windows_do_not_overlap() -> None:
    series = Series.of([np.zeros((40, 1)), np.zeros((25, 1)), np.zeros((3, 1))], ("a",))
    features = Windows(length=10).fit(series, seed=0).extract(series)
    assert features.rows.tolist() == [0] * 4 + [1] * 3 + [2]


def test_the_usual_length_follows_the_reference() -> None:
    short, long = random_series(steps=12), random_series(steps=500)
    assert Windows().fit(short, seed=0).extract(short).values.shape[0] == 4
    assert Windows().fit(long, seed=0).extract(long).values.shape[1] == 64 * 3 + 15


def test_missing_steps_are_the_ones_before_and_counted() -> None:
    steps = np.array([[np.nan], [1.0], [np.nan], [np.nan], [4.0], [2.0]])
    series = Series.of([steps], ("a",))
    fitted = Windows(length=6).fit(series, seed=0)
    values = fitted.extract(series).values[0]
    np.testing.assert_allclose(values[:6] * np.sqrt(6), fitted.scales[0].points(np.array([1.0, 1.0, 1.0, 1.0, 4.0, 2.0])))
    assert values[-1] == 0.5


@pytest.mark.parametrize("change", ["order", "coupling", "level"])
def test_what_is_seen(change: str) -> None:
    series, other = random_series(1), random_series(2)
    fitted = Windows(length=20).fit(random_series(0, entities=20), seed=0)
    draw = np.random.default_rng(3)
    values = other.values.copy()
    if change == "order":
        values = draw.permuted(values.reshape(4, 100, 3), axis=1).reshape(400, 3)
    elif change == "coupling":
        values[:, 1] = values[:, 0]
    else:
        values += 30.0
    changed = Series.of([values[i : i + 100] for i in range(0, 400, 100)], other.channels)
    blocks = {"order": slice(66, 69), "coupling": slice(72, 73), "level": slice(60, 63)}
    means = [fitted.extract(sample).values.mean(axis=0)[blocks[change]] for sample in (series, other, changed)]
    assert np.abs(means[1] - means[2]).max() > 2 * np.abs(means[0] - means[1]).max()


def test_settings_and_channels_are_checked() -> None:
    for settings in ({"length": 0}, {"length": 5, "stride": 6}, {"length": 10**6}):
        with pytest.raises(InputError, match="windows need a length"):
            Windows(**settings).fit(random_series(), seed=0)
    with pytest.raises(SchemaError, match="channels"):
        Windows().fit(random_series(), seed=0).extract(Series.of([np.zeros((5, 1))], ("a",)))
