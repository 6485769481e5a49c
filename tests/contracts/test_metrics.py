"""What every metric of the catalogue keeps, whatever it measures."""

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import softmax

from evalkit.core.errors import InputError
from evalkit.core.sample import Images, Series, Texts
from evalkit.data import load
from evalkit.discriminator import CLASSIFIER_TESTS
from evalkit.run.measures import MEASURES
from evalkit.statistics.influence import Estimate

OF_FEATURES = [name for name, spec in MEASURES.items() if spec.reads == "features"]
OF_SAMPLES = [name for name, spec in MEASURES.items() if spec.reads == "samples"]
OF_FITTED = [name for name, spec in MEASURES.items() if spec.needs_fitted]
BY_LOT = {*CLASSIFIER_TESTS, "detector"}
QUICK = {"timegan_scores": {"steps": 30}}


def rows(seed, n=120, d=3, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, size=(n, d))


def probabilities(seed, n=120, shift=0.0):
    """Of four classes; the larger the shift, the more rows are of the first."""
    return softmax(3 * rows(seed, n, 4) + shift * np.array([3, 0, 0, 0]), axis=1)


def table(seed, n=120, shift=0.0):
    draw = np.random.default_rng(seed)
    size = draw.normal(shift, 1, n)
    columns = {
        "size": size,
        "weight": 2 * size + draw.normal(0, 0.3, n),
        "colour": draw.choice(["red", "blue"], n),
        "n": draw.poisson(3, n),
    }
    return load(pd.DataFrame(columns))


def texts(seed, n=120, shift=0.0):
    """The larger the shift, the fewer words are used."""
    draw = np.random.default_rng(seed)
    words = [first + second for first in "bdfgklmnprst" for second in "aeiou"]
    chances = np.arange(1.0, len(words) + 1) ** -(0.5 + shift)
    return Texts.of([" ".join(draw.choice(words, 12, p=chances / chances.sum())) for _ in range(n)])


def series(seed, n=120, shift=0.0):
    steps = np.random.default_rng(seed).normal(shift, 1, size=(n, 10, 2)).cumsum(axis=1)
    return Series.of(list(steps), channels=("level", "flow"))


def images(seed, n=120, shift=0.0):
    """The larger the shift, the coarser the noise."""
    noise = np.random.default_rng(seed).normal(128, 40, size=(n, 8, 8, 1))
    return Images.of(np.clip(gaussian_filter(noise, (0, shift, shift, 0)), 0, 255).astype(np.uint8))


MADE = {"table": table, "images": images, "texts": texts, "series": series}


def asked(name, seed, **settings):
    if name == "classifier_score":
        return probabilities(seed, **settings)
    return MADE[MEASURES[name].modalities[0]](seed, **settings) if name in OF_SAMPLES else rows(seed, **settings)


def measured(name, reference, generated, seed=0, fitted=None):
    """With fitted rows where they are needed, by default such as the generator never saw."""
    given = {"fitted": asked(name, 9) if fitted is None else fitted} if MEASURES[name].needs_fitted else {}
    return MEASURES[name].load()(**QUICK.get(name, {})).estimates(reference, generated, seed=seed, **given)


@cache
def usual(name):
    """The figures of rows of the reference's law, measured once for all that is asked of them."""
    return measured(name, asked(name, 0), asked(name, 1))


def taken(sample, order):
    return sample[order] if isinstance(sample, np.ndarray) else sample.take(order)


@pytest.mark.parametrize("name", MEASURES)
def test_it_is_documented_and_gives_the_figures_that_it_names(name):
    spec = MEASURES[name]
    assert spec.what_it_is.endswith(".")
    assert (spec.load().__doc__ or "").strip()
    found = usual(name)
    assert tuple(found) == spec.figures
    for estimate in found.values():
        assert isinstance(estimate, Estimate)
        assert estimate.method
        assert len(estimate.generated) == 120
        assert len(estimate.reference) in ((120, 240) if spec.needs_fitted else (120,))


@pytest.mark.parametrize("name", MEASURES)
def test_an_interval_holds_its_figure_and_has_a_width(name):
    for estimate in measured(name, asked(name, 0), asked(name, 1, shift=0.5)).values():
        value, low, high = estimate.interval()
        assert low <= value <= high
        assert low < high
        assert math.isfinite(high - low)


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "copies" and name not in OF_FITTED])
def test_a_worse_generator_has_no_better_figures(name):
    """A shift of one and a half spreads shows in every figure that has a better end, as far as the figure sees such things."""
    near, far = usual(name), measured(name, asked(name, 0), asked(name, 2, shift=1.5))
    moved = []
    for figure in near:
        if near[figure].direction != "neither":
            sign = 1 if near[figure].direction == "lower" else -1
            moved.append(sign * (far[figure].value - near[figure].value))
    assert max(moved) > 0


@pytest.mark.parametrize("name", OF_FITTED)
def test_a_copier_has_worse_figures(name):
    reference, fitted = asked(name, 0), asked(name, 9)
    honest, copier = (measured(name, reference, drawn, fitted=fitted) for drawn in (asked(name, 1), fitted))
    for figure in honest:
        assert honest[figure].interval().low <= 0.5 <= honest[figure].interval().high
        assert copier[figure].interval().low > 0.5 + abs(honest[figure].value - 0.5)


@pytest.mark.parametrize("name", OF_FITTED)
def test_what_needs_fitted_rows_says_so(name):
    assert MEASURES[name].estimates(asked(name, 0), asked(name, 1), seed=0, fitted=asked(name, 9)).keys() == set(
        MEASURES[name].figures
    )
    with pytest.raises(InputError, match=f"{name} needs the rows .* --fitted PATH"):
        MEASURES[name].estimates(asked(name, 0), asked(name, 1), seed=0)


@pytest.mark.parametrize("name", MEASURES)
def test_the_same_rows_and_seed_give_the_same_figures(name):
    first, second = usual(name), measured(name, asked(name, 0), asked(name, 1))
    assert {figure: one.interval() for figure, one in first.items()} == {figure: one.interval() for figure, one in second.items()}


@pytest.mark.parametrize("name", MEASURES)
def test_the_order_of_the_rows_does_not_count(name):
    order = np.random.default_rng(0).permutation(120)
    plain, turned = usual(name), measured(name, taken(asked(name, 0), order), taken(asked(name, 1), order[::-1]))
    for figure in plain:
        # They learn from rows that were dealt by their place: another order is another lot.
        away = 4 * plain[figure].variance ** 0.5 if name in BY_LOT else 0.01
        assert turned[figure].value == pytest.approx(plain[figure].value, rel=0.05, abs=away)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_other_features_than_the_reference_has_are_refused(name):
    with pytest.raises(InputError):
        measured(name, rows(0), rows(1, d=4))
