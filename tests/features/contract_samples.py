"""Small Samples of every modality: usual ones, shifted ones, and odd ones that no extractor may fail on."""

import numpy as np
import pandas as pd

from evalkit.core.sample import Images, Sample, Series, Table, Texts
from evalkit.core.schema import Column, Modality, Schema
from evalkit.core.seeds import generator

SIZE = 12
COLUMNS = Schema(
    modality="table",
    columns=(
        Column(name="key", kind="identifier"),
        Column(name="amount", kind="number"),
        Column(name="visits", kind="count"),
        Column(name="colour", kind="category"),
        Column(name="member", kind="boolean"),
        Column(name="time", kind="datetime"),
        Column(name="note", kind="text"),
    ),
)
_WHO, _DOES, _WHAT = ("a cat", "the dog", "one bird"), ("sees", "hears", "likes"), ("a fish", "the sea", "rain", "me")


def usual(modality: Modality, n: int = 120, seed: int = 0) -> Sample:
    """Rows of one law."""
    return {"table": _table, "images": _images, "texts": _texts, "series": _series}[modality](n, seed, shifted=False)


def shifted(modality: Modality, n: int = 120, seed: int = 1) -> Sample:
    """Rows of another law under the same schema."""
    return {"table": _table, "images": _images, "texts": _texts, "series": _series}[modality](n, seed, shifted=True)


def odd(modality: Modality) -> dict[str, Sample]:
    """Samples at the edge of what is allowed, under the schema of the usual ones."""
    return {"table": _odd_tables, "images": _odd_images, "texts": _odd_texts, "series": _odd_series}[modality]()


def _table(n: int, seed: int, *, shifted: bool) -> Table:
    random = generator(seed, "tables")
    colours = np.array(["red", "green", "blue"], dtype=object)
    frame = pd.DataFrame(
        {
            "key": np.array([f"k{i}" for i in range(n)], dtype=object),
            "amount": random.lognormal(3.0 + shifted, 1.0, n),
            "visits": random.poisson(2.0, n).astype(np.float64),
            "colour": colours[random.integers(0, 3 - shifted, n)],
            "member": (random.random(n) < 0.3).astype(np.float64),
            "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 365 * 86_400, n), unit="s"),
            "note": np.array(_sentences(random, n), dtype=object),
        }
    )
    frame["time"] = frame["time"].astype("datetime64[ns]")
    frame.loc[random.random(n) < 0.1, "amount"] = np.nan
    return Table("demo", COLUMNS, frame)


def _odd_tables() -> dict[str, Table]:
    table = _table(6, 3, shifted=False)
    missing, huge, unseen = table.frame.copy(), table.frame.copy(), table.frame.copy()
    for name in ("amount", "visits", "member"):
        missing[name] = np.nan
    missing["time"] = np.array(["NaT"] * 6, dtype="datetime64[ns]")
    missing["colour"] = missing["note"] = pd.Series([None] * 6, dtype=object)
    huge["amount"], huge["visits"] = [1e300, -1e300, 1.7e308, -1.7e308, 5e-324, 0.0], 1e15
    unseen["colour"], unseen["note"] = "ultraviolet", ""
    constant = table.take(np.zeros(6, dtype=np.intp))
    made = {"missing": missing, "huge": huge, "unseen": unseen}
    return {"one row": table.take(slice(1)), "constant": constant} | {k: Table(k, COLUMNS, v) for k, v in made.items()}


def _images(n: int, seed: int, *, shifted: bool) -> Images:
    """A light spot somewhere on a dark and slightly grainy ground; shifted ones have it twice as wide."""
    random = generator(seed, "images")
    row, column = random.uniform(0, SIZE, (n, 1, 1, 1)), random.uniform(0, SIZE / (1 + shifted), (n, 1, 1, 1))
    away = (np.arange(SIZE)[:, None, None] - row) ** 2 + (np.arange(SIZE)[:, None] - column) ** 2
    light = 220 * np.exp(-away / (8 * (1 + shifted))) + random.uniform(0, 12, (n, SIZE, SIZE, 1))
    return Images.of(np.round(light).astype(np.uint8))


def _odd_images() -> dict[str, Images]:
    black = np.zeros((3, SIZE, SIZE, 1), dtype=np.uint8)
    return {
        "one row": Images.of(black[:1] + np.uint8(7)),
        "constant": Images.of(black),
        "full": Images.of(black + np.uint8(255)),
        "16 bits": Images.of(np.full((3, SIZE, SIZE, 1), 65535, dtype=np.uint16)),
    }


def _sentences(random: np.random.Generator, n: int) -> list[str]:
    return [f"{random.choice(_WHO)} {random.choice(_DOES)} {random.choice(_WHAT)}." for _ in range(n)]


def _texts(n: int, seed: int, *, shifted: bool) -> Texts:
    sentences = _sentences(generator(seed, "texts"), n)
    return Texts.of([sentence[::-1] for sentence in sentences] if shifted else sentences)


def _odd_texts() -> dict[str, Texts]:
    return {
        "one row": Texts.of(["a cat"]),
        "constant": Texts.of(["a"] * 4),
        "empty": Texts.of(["", " ", "\x00"]),
        "huge": Texts.of(["a" * 200_000, "naïve 日本語 🙂" * 2000]),
    }


def _series(n: int, seed: int, *, shifted: bool) -> Series:
    """A wave and its slower echo in other units, of some hundred steps, with gaps."""
    random = generator(seed, "series")
    steps = []
    for _ in range(max(n // 12, 1)):
        time = random.uniform(0, 6) + np.arange(150) * (0.7 if shifted else 0.4)
        wave = np.sin(time) + 0.05 * random.normal(size=150)
        echo = 1000 + 200 * np.sin(time / 2) + 5 * random.normal(size=150)
        echo[random.random(150) < 0.05] = np.nan
        steps.append(np.stack([wave, echo], axis=1))
    return Series.of(steps, ("wave", "echo"))


def _odd_series() -> dict[str, Series]:
    names = ("wave", "echo")
    return {
        "one row": Series.of([np.ones((1, 2))], names),
        "constant": Series.of([np.full((200, 2), 7.0)], names),
        "missing": Series.of([np.full((100, 2), np.nan)], names),
        "huge": Series.of([np.tile([[1.7e308, -1.7e308], [-1.7e308, 5e-324]], (60, 1))], names),
    }
