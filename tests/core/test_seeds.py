"""Draws by name: independent of each other and of what else is drawn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.seeds import derive_seed, generator, normal_by_row


@given(st.integers(0, 2**40), st.lists(st.integers(0, 5000), min_size=1, max_size=20))
def test_row_noise_depends_on_the_row_alone(seed, rows):
    together = normal_by_row(seed, np.array(rows), 3, "test")
    for position, row in enumerate(rows):
        np.testing.assert_array_equal(together[position], normal_by_row(seed, np.array([row]), 3, "test")[0])


def test_row_noise_is_standard_normal_and_uncorrelated():
    noise = normal_by_row(0, np.arange(20_000), 2, "test")
    assert np.abs(noise.mean(0)).max() < 0.03
    assert np.abs(np.cov(noise.T) - np.eye(2)).max() < 0.04
    assert abs(np.corrcoef(noise[:-1, 0], noise[1:, 0])[0, 1]) < 0.03


def test_keys_are_not_confused():
    seeds = {derive_seed(0, "a", "b"), derive_seed(0, "ab"), derive_seed(0, 1), derive_seed(0, "1"), derive_seed(1, "a", "b")}
    assert len(seeds) == 5


def test_a_known_draw_stays():
    # origin: the first release; a change would change every seeded result that users have stored
    assert derive_seed(0, "fold", 3) == 6444190654151678120
    np.testing.assert_array_equal(generator(0, "fold", 3).integers(0, 1000, 4), [857, 915, 320, 497])
