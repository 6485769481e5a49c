"""Small data of known laws: what generators are held against, and what they give."""

import numpy as np
import pandas as pd

from evalkit.core.sample import Images, Series, Texts

N = 400


def table(seed, shift=0.0, n=N):
    draw = np.random.default_rng(seed)
    size = draw.normal(shift, 1, n)
    return pd.DataFrame({"size": size, "weight": 2 * size + draw.normal(0, 0.1, n), "colour": draw.choice(["red", "blue"], n)})


def spots(seed, brightness=200, n=60):
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 40, size=(n, 8, 8, 1))
    pixels[:, 2:5, 2:5] += draw.integers(brightness - 40, brightness, size=(n, 1, 1, 1))
    return Images.of(pixels.clip(0, 255).astype(np.uint8))


def sayings(seed, words=("red", "green", "blue", "grey"), n=60):
    draw = np.random.default_rng(seed)
    return Texts.of([" ".join(draw.choice(words, 6)) for _ in range(n)])


def waves(seed, period=8.0, n=6):
    draw = np.random.default_rng(seed)
    steps = np.arange(200)
    made = [np.sin(2 * np.pi * (steps + draw.uniform(0, 8)) / period)[:, None] + draw.normal(0, 0.1, (200, 1)) for _ in range(n)]
    return Series.of(made, ("level",))
