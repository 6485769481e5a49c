"""Degenerate inputs by name: what every metric must meet with a defined figure or with one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evalkit.core.sample import Images, Series, Texts


@dataclass(frozen=True)
class Degenerate:
    """A reference and what was generated.

    Attributes:
        reference: whatever ``evalkit.load`` reads; feature arrays for metrics of features as well.
        generated: the same.
        known: the smallest and the largest figure that is right, by name, where that is known.
        refused: whether no metric can have a figure.
    """

    reference: Any
    generated: Any
    known: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    refused: bool = False


def rows(seed: int, n: int = 40, d: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def near(value: float, by: float = 1e-9) -> tuple[float, float]:
    return value - by, value + by


def with_cells(values: np.ndarray, found: float, places: Any) -> np.ndarray:
    changed = values.copy()
    changed[places] = found
    return changed


_NO_DISTANCE = {name: near(0, 1e-6) for name in ("frechet_plain", "mind", "vendi_gap")}
_ALIKE = {name: near(1) for name in ("precision", "recall", "coverage", "exact_copies")}
_SAME = {**_NO_DISTANCE, **_ALIKE, "authenticity": near(0), "mauve": near(1, 1e-6)}

_TIED = np.repeat(rows(0, n=4), 10, axis=0)

FEATURES = {
    "both constant": Degenerate(
        np.full((40, 3), 0.1), np.full((40, 3), 0.1), {**_SAME, "frechet": near(0), "kid": near(0), "vendi": near(1)}
    ),
    "two constants": Degenerate(
        np.zeros((40, 3)),
        np.ones((40, 3)),
        {
            "frechet": near(3),
            "frechet_plain": near(3),
            "sliced_wasserstein": near(9),
            "c2st": near(1),
            "precision": near(0),
            "recall": near(0),
            "coverage": near(0),
            "exact_copies": near(0),
        },
    ),
    "only zeros": Degenerate(np.zeros((40, 3)), np.zeros((40, 3)), {**_SAME, "frechet": near(0), "vendi": near(1)}),
    "constant generated": Degenerate(
        rows(0), np.zeros((40, 3)), {"precision": near(1), "recall": near(0), "coverage": (0, 0.3), "vendi": near(1)}
    ),
    "constant far from the reference": Degenerate(
        rows(0), np.full((40, 3), 50.0), {"precision": near(0), "recall": near(0), "coverage": near(0), "frechet": (7000, 8000)}
    ),
    "constant reference": Degenerate(np.zeros((40, 3)), rows(1), {"precision": near(0), "exact_copies": near(0)}),
    "the same sample": Degenerate(rows(0), rows(0), _SAME),
    "all ties, equal laws": Degenerate(_TIED, _TIED[::-1], _SAME),
    "all ties, other shares": Degenerate(_TIED, np.repeat(rows(0, n=4), [1, 1, 1, 37], axis=0), {"exact_copies": near(1)}),
    "duplicates generated": Degenerate(rows(0), np.repeat(rows(1, n=4), 10, axis=0), {"exact_copies": near(0)}),
    "identical rows but one": Degenerate(with_cells(np.zeros((40, 3)), 1.0, 0), with_cells(np.zeros((40, 3)), 1.0, 39), _SAME),
    "one feature": Degenerate(rows(0, d=1), rows(1, d=1)),
    "one feature constant": Degenerate(rows(0) * [1, 1, 0], rows(1) * [1, 1, 0]),
    "a feature constant on one side": Degenerate(rows(0), rows(1) * [1, 1, 0]),
    "zeros and ones only": Degenerate((rows(0) > 0).astype(float), (rows(1) > 0).astype(float), {"exact_copies": near(1)}),
    "copied features": Degenerate(rows(0)[:, [0, 0, 0]], rows(1)[:, [0, 0, 0]]),
    "fewer rows than features": Degenerate(rows(0, n=32, d=50), rows(1, n=32, d=50)),
    "fewer rows than features, the same sample": Degenerate(rows(0, n=32, d=50), rows(0, n=32, d=50), _SAME),
    "fewer rows than features, shifted": Degenerate(
        rows(0, n=32, d=50), rows(0, n=32, d=50) + 2.0, {"frechet": near(200, 40), "frechet_plain": near(200, 1e-6)}
    ),
    "fewer rows than neighbours": Degenerate(rows(0, n=4), rows(1, n=4)),
    "5 against 300 rows": Degenerate(rows(0, n=5), rows(1, n=300)),
    "300 against 5 rows": Degenerate(rows(0, n=300), rows(1, n=5)),
    "one row generated": Degenerate(rows(0), rows(1, n=1), refused=True),
    "one row of reference": Degenerate(rows(0, n=1), rows(1), refused=True),
    "no row generated": Degenerate(rows(0), rows(1, n=0), refused=True),
    "an offset of a million": Degenerate(rows(0) + 1e6, rows(1) + 1e6),
    "scaled to 1e150": Degenerate(rows(0) * 1e150, rows(1) * 1e150, {"c2st": (0.3, 0.8)}),
    "scaled to 1e-200": Degenerate(rows(0) * 1e-200, rows(1) * 1e-200, {"c2st": (0.3, 0.8), "vendi": (2, 3)}),
    "scales from 1e-9 to 1e9": Degenerate(rows(0) * [1e-9, 1, 1e9], rows(1) * [1e-9, 1, 1e9]),
    "a row of NaN": Degenerate(rows(0), with_cells(rows(1), np.nan, 7), refused=True),
    "NaN in the reference": Degenerate(with_cells(rows(0), np.nan, (7, 1)), rows(1), refused=True),
    "an infinite value": Degenerate(rows(0), with_cells(rows(1), -np.inf, (7, 1)), refused=True),
    "nothing but NaN": Degenerate(rows(0), rows(1) * np.nan, refused=True),
}


def table(seed: int, n: int = 40, **columns: Any) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    plain = {"size": draw.normal(size=n), "colour": draw.choice(["red", "blue"], n), "visits": draw.poisson(3, n)}
    return pd.DataFrame(plain | columns, index=range(n))


_MISSING = np.full(40, np.nan)
_PERFECT = {name: near(1) for name in ("column_shapes", "pair_trends", "boundary_adherence", "precision", "recall", "coverage")}
_UNLIKE = {"column_shapes": (0, 0.4), "precision": near(0), "exact_copies": near(0)}

TABLES = {
    "the same table": Degenerate(table(0), table(0), _PERFECT),
    "all columns constant": Degenerate(
        table(0, size=1.5, colour="red", visits=3), table(1, size=1.5, colour="red", visits=3), {**_PERFECT, "frechet": near(0)}
    ),
    "a column all missing on both sides": Degenerate(table(0, weight=_MISSING), table(1, weight=_MISSING)),
    "a column all missing in the reference": Degenerate(table(0, weight=_MISSING), table(1, weight=1.0)),
    "a column all missing in the generated": Degenerate(table(0, weight=rows(0)[:, 0]), table(1, weight=_MISSING)),
    "every number missing": Degenerate(table(0), table(1, size=_MISSING, visits=_MISSING)),
    "labels of one class": Degenerate(pd.DataFrame({"c": ["a"] * 40}), pd.DataFrame({"c": ["a"] * 40}), {"column_shapes": near(1)}),
    "labels never seen": Degenerate(
        pd.DataFrame({"c": ["a", "b"] * 20}),
        pd.DataFrame({"c": ["x", "y"] * 20}),
        {"column_shapes": near(0), "exact_copies": near(0)},
    ),
    "reference of one class": Degenerate(table(0, colour="red"), table(1)),
    "generated of one class": Degenerate(table(0), table(1, colour="red")),
    "booleans only": Degenerate(
        pd.DataFrame({"a": [True, False] * 20, "b": [True] * 40}), pd.DataFrame({"a": [True, True] * 20, "b": [False] * 40})
    ),
    "one column of numbers": Degenerate(pd.DataFrame({"x": rows(0)[:, 0]}), pd.DataFrame({"x": rows(1)[:, 0]})),
    "one row": Degenerate(table(0), table(1, n=1)),
    "two rows": Degenerate(table(0, n=2), table(1, n=2)),
    "huge numbers": Degenerate(table(0, size=rows(0)[:, 0] * 1e150), table(1, size=rows(1)[:, 0] * 1e150)),
    "tiny numbers": Degenerate(table(0, size=rows(0)[:, 0] * 1e-200), table(1, size=rows(1)[:, 0] * 1e-200)),
    "all rows alike but the reference's": Degenerate(table(0), pd.concat([table(1, n=1)] * 40)),
    "nothing alike": Degenerate(table(0), table(1, size=1e6, colour="green", visits=10**6), _UNLIKE),
}


def texts(seed: int, n: int = 40, words: int = 8) -> list[str]:
    draw = np.random.default_rng(seed)
    known = [first + second for first in "bdfgk" for second in "aeiou"]
    return [" ".join(draw.choice(known, words)) for _ in range(n)]


_ONE_TEXT = {"distinct_gap": near(0), "self_bleu_gap": near(0), "precision": near(1), "recall": near(1), "frechet": near(0)}

TEXTS = {
    "all texts empty": Degenerate(Texts.of([""] * 40), Texts.of([""] * 40)),
    "empty texts generated": Degenerate(Texts.of(texts(0)), Texts.of([""] * 40)),
    "empty texts as reference": Degenerate(Texts.of([""] * 40), Texts.of(texts(1))),
    "a single text not empty": Degenerate(Texts.of(texts(0)), Texts.of([*texts(1, n=1), *[""] * 39])),
    "white space only": Degenerate(Texts.of([" \t "] * 40), Texts.of(["\n"] * 40)),
    "one character each": Degenerate(Texts.of(["a", "b"] * 20), Texts.of(["a"] * 40)),
    "one word each": Degenerate(Texts.of(texts(0, words=1)), Texts.of(texts(1, words=1))),
    "the same text over and over": Degenerate(Texts.of(["to be or not"] * 40), Texts.of(["to be or not"] * 40), _ONE_TEXT),
    "punctuation only": Degenerate(Texts.of(texts(0)), Texts.of(["?!"] * 40)),
    "the same texts": Degenerate(Texts.of(texts(0)), Texts.of(texts(0)), {"distinct_gap": near(0), "self_bleu_gap": near(0)}),
    "one text generated": Degenerate(Texts.of(texts(0)), Texts.of(texts(1, n=1))),
    "another script": Degenerate(Texts.of(texts(0)), Texts.of(["漢字 仮名 🙂"] * 40)),
}


def pixels(seed: int, n: int = 40, side: int = 6, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, channels), dtype=np.uint8)


IMAGES = {
    "images of one pixel": Degenerate(Images.of(pixels(0, side=1)), Images.of(pixels(1, side=1))),
    "all images black": Degenerate(Images.of(0 * pixels(0)), Images.of(0 * pixels(1)), {**_SAME, "frechet": near(0)}),
    "black images generated": Degenerate(Images.of(pixels(0)), Images.of(0 * pixels(1)), {"recall": near(0)}),
    "black images as reference": Degenerate(Images.of(0 * pixels(0)), Images.of(pixels(1)), {"precision": near(0)}),
    "one image over and over": Degenerate(Images.of(pixels(0)), Images.of(np.repeat(pixels(1, n=1), 40, axis=0))),
    "one image": Degenerate(Images.of(pixels(0)), Images.of(pixels(1, n=1))),
    "one line of pixels": Degenerate(Images.of(pixels(0)[:, :1]), Images.of(pixels(1)[:, :1])),
}


def series(seed: int, n: int = 6, steps: int = 12, factor: Any = 1.0) -> Series:
    walks = np.random.default_rng(seed).normal(size=(n, steps, 2)).cumsum(axis=1) * factor
    return Series.of(list(walks), channels=("level", "flow"))


SERIES = {
    "series of a single step": Degenerate(series(0, n=40, steps=1), series(1, n=40, steps=1)),
    "a channel constant": Degenerate(series(0, factor=[1, 0]), series(1, factor=[1, 0])),
    "all channels constant": Degenerate(series(0, factor=0.0), series(1, factor=0.0)),
    "a channel constant in the generated": Degenerate(series(0), series(1, factor=[1, 0])),
    "a channel all missing": Degenerate(series(0, factor=[1, np.nan]), series(1, factor=[1, np.nan])),
    "a channel all missing in the generated": Degenerate(series(0), series(1, factor=[1, np.nan])),
    "every step missing": Degenerate(series(0, factor=np.nan), series(1, factor=np.nan)),
    "one series": Degenerate(series(0), series(1, n=1)),
    "shorter than a window": Degenerate(series(0), series(1, steps=2)),
}

EVERY = {
    f"{what}: {name}": case
    for what, cases in (("features", FEATURES), ("table", TABLES), ("texts", TEXTS), ("images", IMAGES), ("series", SERIES))
    for name, case in cases.items()
}
