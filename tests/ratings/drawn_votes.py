"""Votes drawn from a known model."""

import numpy as np
import pandas as pd


def votes(seed, n=400, k=4, raters=20, items=10, left=0.0, ties=0.5, spread=0.0, both_bad=0.0):
    """Strengths from -1 to 1; ``spread``: how far raters and items differ in whom they prefer."""
    draw = np.random.default_rng(seed)
    strengths = np.linspace(-1, 1, k)
    first, rater, item = draw.integers(0, k, n), draw.integers(0, raters, n), draw.integers(0, items, n)
    second = (first + draw.integers(1, k, n)) % k
    of_rater, of_item = draw.normal(0, spread, (raters, k)), draw.normal(0, spread, (items, k))
    worth = [strengths[side] + of_rater[rater, side] + of_item[item, side] for side in (first, second)]
    half = np.exp((worth[0] - worth[1] + left) / 2)
    chances = np.column_stack([half, 1 / half, np.full(n, ties)])
    outcome = (draw.random(n)[:, None] > (chances / chances.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
    outcome = np.where(draw.random(n) < both_bad, 3, outcome)
    names = np.array([f"model {i}" for i in range(k)], dtype=object)
    words = np.array(["left", "right", "tie", "both_bad"], dtype=object)
    columns = {"left": names[first], "right": names[second], "outcome": words[outcome], "rater": rater, "item": item}
    return pd.DataFrame(columns)


def by_name(ranking):
    """Strengths in the order of the names."""
    return dict(sorted(zip(ranking.generators, ranking.strengths, strict=True)))
