"""Series: each planted break is named; equal laws give nothing; one long series by its stretches; statistics by hand."""

import numpy as np
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Series
from evalkit.discriminator.giveaways import find_giveaways
from evalkit.discriminator.giveaways.series import statistics_of_steps


def steps(seed, n=30, length=40):
    """Two channels, each half of the step before and noise, written with two decimals."""
    noise = np.random.default_rng(seed).normal(size=(n, length, 2))
    values = noise.copy()
    for step in range(1, length):
        values[:, step] = 0.5 * values[:, step - 1] + noise[:, step]
    return (10 * values).round(2)


def series(values):
    return Series.of(list(values), ("le{v}el", "flow"))


def written(values, draw):
    values[:, :, 0] += draw.normal(0, 1e-4, values.shape[:2])


def gaps(values, draw):
    values[:, :, 0][draw.random(values.shape[:2]) < 0.1] = np.nan


def stuck(values, draw):
    values[:, 1::4, 0] = values[:, 0::4, 0]


def jumpy(values, draw):
    values[:, 20, 0] = 120 + values[:, 20, 0].round()


def raised(values, draw):
    values[:, :, 0] = (values[:, :, 0] + 15).round(2)


def shuffled(values, draw):
    values[:, :, 0] = draw.permuted(values[:, :, 0], axis=1)


BREAKS = {
    written: {"decimals"},
    gaps: {"missing values"},
    stuck: {"repeated values"},
    jumpy: {"jumps", "range"},
    raised: {"level"},
    shuffled: {"time lag", "frequencies"},
}


@pytest.mark.parametrize("broken", BREAKS, ids=lambda one: one.__name__)
def test_a_planted_break_is_named_first(broken):
    generated = steps(1)
    broken(generated, np.random.default_rng(2))
    first = find_giveaways(series(steps(0)), series(generated), seed=0)[0]
    assert first.what in BREAKS[broken]
    assert first.column == "le{v}el"
    assert repr(first.column) in first.sentence
    assert first.p_value < 0.02


def test_equal_laws_give_nothing():
    least = [find_giveaways(series(steps(2 * i, 12, 16)), series(steps(2 * i + 1, 14, 16)), seed=i) for i in range(12)]
    assert np.mean([found[0].p_value <= 0.05 for found in least]) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 12)


def test_shorter_series_are_told_by_their_length_alone():
    found = find_giveaways(series(steps(0)), series([one[:25] for one in steps(1)]), seed=0)
    assert [one.what for one in found if one.p_value <= 0.05] == ["length"]
    assert found[0].figure == 25


def test_one_long_series_is_compared_by_its_stretches():
    whole, other = (Series.of([np.random.default_rng(seed).normal(size=(400, 1))], ("a",)) for seed in (0, 1))
    assert find_giveaways(whole, other, seed=0)[0].p_value > 0.05
    doubled = Series.of([2 * other.values], ("a",))
    assert find_giveaways(whole, doubled, seed=0)[0].p_value < 0.01


def test_statistics_by_hand():
    found = {}
    for (what, sentence), values in statistics_of_steps("a", np.array([[1.5, 1.5, np.nan, 4.25] * 5])).items():
        found.setdefault(what, []).append((sentence, values[0]))
    assert found["missing values"][0][1] == 0.25
    assert found["decimals"][0][1] == pytest.approx(4 / 3)
    assert found["repeated values"][0][1] == pytest.approx(5 / 9)
    assert found["range"][0][1] == 2.75
    filled = np.array([1.5, 1.5, 1.5, 4.25] * 5)
    centred = filled - filled.mean()
    lags = [value for _, value in found["time lag"]]
    assert lags == pytest.approx([(centred[k:] * centred[:-k]).sum() / (centred**2).sum() for k in (1, 2, 4)])
    assert sum(value for _, value in found["frequencies"]) == pytest.approx(1)


@pytest.mark.parametrize("trouble", ["constant", "all missing", "huge"])
def test_odd_channels_are_looked_at(trouble):
    generated = steps(1)
    generated[:, :, 0] = {"constant": 1.0, "all missing": np.nan, "huge": 1.5e308 * np.sign(generated[:, :, 0])}[trouble]
    found = find_giveaways(series(steps(0)), series(generated), seed=0)
    assert found[0].p_value < 0.01
    assert all(np.isfinite([one.figure, one.low, one.high, one.reference, one.size]).all() for one in found)


def test_refusals():
    with pytest.raises(ShapeError, match="10 series"):
        find_giveaways(series(steps(0, 9, 4)), series(steps(1)), seed=0)
    with pytest.raises(InputError, match="same channels"):
        find_giveaways(series(steps(0)), Series.of(list(steps(0)), ("a", "b")), seed=0)
