"""Several families: Holm, and the sentence."""

import numpy as np
import pytest
from scipy import stats

from evalkit.core.errors import InputError
from evalkit.discriminator.panel import run_panel, smallest_seen
from evalkit.statistics import holm, rank_sum_test


def test_families_are_corrected_for_their_number():
    draw = np.random.default_rng(0)
    panel = run_panel(draw.normal(size=(300, 2)), 1.6 * draw.normal(size=(300, 2)), seed=0)
    alone = np.array([result.found.p_value for result in panel.results])
    np.testing.assert_array_equal(panel.p_values, holm(alone))
    assert panel.best.found.family != "logistic"
    assert panel.sentence().startswith("A classifier tells generated rows from real ones")
    assert "corrected for 3 families" in panel.sentence()
    assert "real from real rows" in panel.sentence()


def test_no_difference_says_what_would_have_been_seen():
    draw = np.random.default_rng(1)
    panel = run_panel(draw.normal(size=(100, 2)), draw.normal(size=(100, 2)), seed=0, families=["logistic"])
    assert "50 held-out rows a side show differences from about 64 % on" in panel.sentence()


def test_the_smallest_difference_is_found_in_four_of_five_runs():
    draw = np.random.default_rng(0)
    n = 60
    shift = np.sqrt(2) * float(np.round(stats.norm.ppf(smallest_seen(n)), 6))
    found = [rank_sum_test(draw.normal(size=n) + shift, draw.normal(size=n), seed=i, permutations=199) <= 0.05 for i in range(300)]
    assert abs(np.mean(found) - 0.8) < 0.03 + 4 * np.sqrt(0.8 * 0.2 / 300)


def test_refusals():
    for families in ([], ["mlp", "mlp"]):
        with pytest.raises(InputError, match="each once"):
            run_panel(np.zeros((20, 1)), np.ones((20, 1)), seed=0, families=families)
