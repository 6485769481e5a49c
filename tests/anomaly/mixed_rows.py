"""A small mixed table with known rules: y is about 2x, colour sets the level of x."""

import numpy as np
import pandas as pd

from evalkit.data import TableEncoder, load


def frame(n: int, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    colour = draw.choice(["red", "green", "blue"], n)
    x = draw.normal(size=n) + np.where(colour == "red", 4.0, 0.0)
    table = pd.DataFrame({"x": x, "y": 2 * x + 0.1 * draw.normal(size=n), "colour": colour, "flag": draw.random(n) < 0.3})
    table["n"] = draw.poisson(3.0, n).astype(float)
    table.loc[draw.random(n) < 0.05, "n"] = np.nan
    return table


def encoded(n: int, seed: int = 0):
    return TableEncoder().fit(load(frame(600))).transform(load(frame(n, seed))).scored()
