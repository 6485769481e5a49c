"""Categories: exact by every deal, level with rare labels."""

from itertools import combinations

import numpy as np
import pandas as pd

from evalkit.discriminator.giveaways.categories import category_giveaways


def test_the_level_with_many_rare_labels():
    rejected = np.zeros(2)
    for seed in range(60):
        draw = np.random.default_rng(seed)
        real, drawn = (pd.Series(draw.zipf(1.5, 40).astype(str)) for _ in range(2))
        rejected += [one.p_value <= 0.05 for one in category_giveaways("a", real, drawn, seed=seed)]
    assert (rejected / 60 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 60)).all()


def test_against_every_deal():
    real, drawn = ["a"] * 5, ["a", "a", "b", "b", "b"]
    pooled = np.array(real + drawn)
    new, largest = [], []
    for chosen in combinations(range(10), 5):
        inside = np.isin(np.arange(10), chosen)
        counts = [int((pooled[~inside] == label).sum()) for label in set(pooled) - set(pooled[inside])]
        new.append(sum(counts))
        largest.append(max(counts, default=0))
    exact = min(1.0, 2 * np.mean(np.array(new) >= 3), 2 * np.mean(np.array(largest) >= 3))
    found = category_giveaways("a", pd.Series(real), pd.Series(drawn), seed=0)[0]
    assert abs(found.p_value - exact) < 0.02
    assert found.figure == 0.6


def test_many_new_labels_once_each_are_a_giveaway():
    real = pd.Series(["a", "b", "c"] * 50)
    drawn = pd.Series(["a", "b", "c"] * 45 + [f"?{i}" for i in range(15)])
    new, lost = category_giveaways("a", real, drawn, seed=0)
    assert new.p_value < 0.001
    assert lost.p_value == 1.0


def test_nothing_to_compare_is_nothing():
    same, empty = pd.Series(["a"] * 5), pd.Series([None] * 5, dtype=object)
    assert category_giveaways("a", same, same, seed=0) == ()
    assert category_giveaways("a", same, empty, seed=0) == ()
