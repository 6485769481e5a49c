"""Scores of series: chance where nothing differs, known errors of known series, intervals by stretch, refusals."""

import numpy as np
import pytest
from scipy import stats

from evalkit.core.errors import InputError
from evalkit.core.sample import Series
from evalkit.metrics.timegan_scores import TimeganScores


def walks(seed, carried, n=60, steps=16):
    """Of variance 1, each step ``carried`` times the one before and fresh noise."""
    noise = np.random.default_rng(seed).normal(size=(n, steps, 1))
    values = noise.copy()
    for step in range(1, steps):
        values[:, step] = carried * values[:, step - 1] + np.sqrt(1 - carried**2) * noise[:, step]
    return Series.of(list(values), ("level",))


def scores(reference, generated, seed=0, **settings):
    return TimeganScores(**{"steps": 50, **settings}).estimates(reference, generated, seed=seed)


def test_equal_laws_cannot_be_told_and_teach_alike():
    found = scores(walks(0, 0.9), walks(1, 0.9))
    for name, truth in (("discriminative", 0.5), ("predictive", 0.0)):
        _, low, high = found[name].interval(level=0.999)
        assert low <= truth <= high
        assert high - low < 0.8
        assert (len(found[name].reference), len(found[name].generated)) == (60, 60)
        assert abs(found[name].reference.mean()) + abs(found[name].generated.mean()) < 1e-9


def test_another_dependence_is_told_and_teaches_less():
    """The best guess of the next step misses by sqrt(1 - c²) sqrt(2 / pi); one that expects none misses by sqrt(2 / pi)."""
    found = scores(walks(0, 0.95, 80, 10), walks(1, 0.0, 80, 10), steps=80)
    assert found["discriminative"].interval().low > 0.8
    most = (1 - np.sqrt(1 - 0.95**2)) * stats.norm.expect(abs)
    assert 0.5 * most < found["predictive"].value < 1.2 * most
    assert found["predictive"].interval().low > 0


def test_one_long_series_counts_as_its_stretches():
    draw = np.random.default_rng(0)
    first, second = (Series.of([draw.normal(size=(800, 1))], ("level",)) for _ in range(2))
    found = scores(first, second, length=10, steps=20)
    assert len(found["discriminative"].reference) == 20
    assert "on 40 + 40 held-out windows" in found["discriminative"].method
    assert found["discriminative"].interval().low < 0.5 < found["discriminative"].interval().high


@pytest.mark.parametrize("trouble", ["constant", "all missing", "short"])
def test_odd_series_have_figures(trouble):
    reference, generated = walks(0, 0.5, 20, 8), walks(1, 0.5, 20, 8)
    if trouble == "constant":
        generated = Series.of(list(np.ones((20, 8, 1))), ("level",))
    elif trouble == "all missing":
        generated = Series.of(list(np.full((20, 8, 1), np.nan)), ("level",))
    else:
        generated = Series.of(list(np.ones((20, 1, 1))), ("level",))
    for estimate in scores(reference, generated, steps=10).values():
        value, low, high = estimate.interval()
        assert low <= value <= high


def test_settings_out_of_their_range_are_refused():
    with pytest.raises(InputError, match="a unit and a step"):
        scores(walks(0, 0.5), walks(1, 0.5), steps=0)
