"""Curves over the number of rows: the metric's own figures on nested parts of either kind of sample."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.data import load
from evalkit.metrics import METRICS
from evalkit.metrics.frechet import Frechet
from evalkit.metrics.n_curve import n_curve
from evalkit.statistics.influence import Estimate


def rows(seed, n=200, d=6):
    return np.random.default_rng(seed).normal(size=(n, d))


class Seen:
    """A metric that keeps what it was given."""

    def __init__(self):
        self.pairs = []

    def estimates(self, reference, generated, *, seed):
        self.pairs.append((set(reference[:, 0]), set(generated[:, 0])))
        return {"seen": Estimate(float(len(reference)), "neither", "count", reference[:, 0] * 0, generated[:, 0])}


def test_all_rows_give_the_metrics_own_figures():
    curve = n_curve(Frechet(), rows(0), rows(1), [200, 100], 3)
    own = Frechet().estimates(rows(0), rows(1), seed=3)
    for figure, estimate in own.items():
        assert [point.n_rows for point in curve[figure]] == [100, 200]
        assert curve[figure][-1][1:] == pytest.approx(estimate.interval())


def test_the_bias_of_few_rows_shows_in_the_plain_distance_only():
    curve = n_curve(Frechet(), rows(0, d=20), rows(1, d=20), [40, 80, 120, 200], 0)
    plain = [point.value for point in curve["frechet_plain"]]
    assert plain == sorted(plain, reverse=True)
    assert sum(point.low <= 0 <= point.high for point in curve["frechet"]) >= 3
    widths = [point.high - point.low for point in curve["frechet_plain"]]
    assert widths[0] > 1.5 * widths[-1]


def test_parts_are_drawn_without_replacement_and_hold_the_smaller_ones():
    seen = Seen()
    curve = n_curve(seen, rows(0), rows(1, 150), [150, 10, 70, 10], 0)
    assert [point.value for point in curve["seen"]] == [10, 70, 150]
    for side in range(2):
        sets = [pair[side] for pair in seen.pairs]
        assert [len(one) for one in sets] == [10, 70, 150]
        assert sets[0] < sets[1] < sets[2]


def test_samples_are_taken_from_as_well_and_the_level_counts():
    real, made = (load(pd.DataFrame({"a": rows(seed)[:, 0], "b": rows(seed)[:, 1]})) for seed in (0, 1))
    metric = METRICS["column_shapes"].load()()
    wide, narrow = (n_curve(metric, real, made, [50, 200], 0, level=level)["column_shapes"] for level in (0.99, 0.5))
    assert wide[1].value == pytest.approx(metric.estimates(real, made, seed=0)["column_shapes"].value)
    assert wide[0].high - wide[0].low > narrow[0].high - narrow[0].low


@pytest.mark.parametrize("sizes", [[], [0, 10], [10, 201]])
def test_sizes_that_are_not_there_are_refused(sizes):
    with pytest.raises(InputError, match="from 1 to 200"):
        n_curve(Frechet(), rows(0), rows(1, 300), sizes, 0)


def test_what_the_metric_refuses_is_refused():
    with pytest.raises(InputError, match="4 rows a side"):
        n_curve(Frechet(), rows(0), rows(1), [2, 100], 0)
