"""What would have looked normal in a column, judged by reference rows that are alike in all other columns."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.anomaly.members import Reference
from evalkit.core.sample import Table
from evalkit.data.rows import Rows
from evalkit.kernels.neighbours import nearest

_ALIKE = 50
_MOST_TEXT = 200
_MISSING = "missing"
_DAY_HOURS = 24.0
_LOG, _SHARE, _PIECES = "log of ", "share of ", "three-letter pieces"


def top_columns(shares: NDArray[np.float64], n: int = 3) -> NDArray[np.intp]:
    """(rows, n) positions of each row's columns with the largest shares, largest first; -1 where a row has no more."""
    n_columns = shares.shape[1]
    order = np.argsort(-shares, axis=1, kind="stable")[:, :n]
    order = np.where(np.take_along_axis(shares, order, axis=1) > 0, order, -1)
    return np.pad(order, ((0, 0), (0, max(n - n_columns, 0))), constant_values=-1)


def usual_values(reference: Reference, rows: Rows, column: str) -> list[str]:
    """What the 50 reference rows that are most alike in the other columns hold in this one, as text, one for each row.

    A range holds nine of ten of them; of labels, those that make up eight of ten are named.
    """
    spaces = reference.spaces
    other = np.array([feature.column != column for feature in spaces.features])[spaces.feature_of_dimension]
    points, queries = (spaces.transform(part, "standard")[:, other] for part in (reference.rows, rows))
    k = min(_ALIKE, len(points))
    alike = nearest(points, queries, k).indices if other.any() else np.tile(np.arange(k), (len(queries), 1))
    return [_usual(reference.rows.take(found), rows.values[i], column) for i, found in enumerate(alike)]


def _usual(alike: Rows, row: NDArray[np.float64], column: str) -> str:
    inside = [i for i, feature in enumerate(alike.features) if feature.column == column]
    oddness = [_oddness(alike.values[:, i], row[i], alike.features[i].kind == "category") for i in inside]
    chosen = inside[int(np.argmax(oddness))]
    feature, values = alike.features[chosen], alike.values[:, chosen]
    known = values[~np.isnan(values)]
    if 2 * len(known) < len(values):
        return _MISSING
    about = "" if feature.name == column else feature.name.removeprefix(f"{column}: ") + " "
    if "time of day" in feature.name:
        pair = [i for i in inside if "time of day" in alike.features[i].name]
        return _clock(alike.values[:, pair])
    if feature.kind in ("category", "boolean"):
        names = feature.levels or ("no", "yes")
        return about + _labels(known, names)
    low, high = np.quantile(known, [0.05, 0.95], method="inverted_cdf")
    return _in_words(about.strip(), float(low), float(high))


def _in_words(about: str, low: float, high: float) -> str:
    """A range of an encoded feature in the units that a person would use."""
    if about.startswith(_LOG):
        return f"{_range(round(np.expm1(low)), round(np.expm1(high)))} {about.removeprefix(_LOG)}"
    if about.startswith(_SHARE):
        return f"{_range(round(100 * low), round(100 * high))} % {about.removeprefix(_SHARE)}"
    if about.startswith(_PIECES):
        return "other letters beside each other"
    return f"{about} {_range(low, high)}".strip()


def _range(low: float, high: float) -> str:
    return f"{low:.6g}" if low == high else f"{low:.6g} – {high:.6g}"


def _oddness(alike: NDArray[np.float64], value: float, is_category: bool) -> float:
    if np.isnan(value):
        return 1 - float(np.isnan(alike).mean())
    if is_category:
        return 1 - float((alike == value).mean())
    known = alike[~np.isnan(alike)]
    if len(known) == 0:
        return 1.0
    return 1 - 2 * min(float((known <= value).mean()), float((known >= value).mean()))


def _labels(codes: NDArray[np.float64], names: tuple[str, ...]) -> str:
    counts = np.bincount(codes.astype(np.intp), minlength=len(names) + 1)
    order = np.argsort(-counts, kind="stable")
    enough = int(np.searchsorted(np.cumsum(counts[order]), 0.8 * len(codes))) + 1
    return " or ".join(names[code] if code < len(names) else "another one" for code in order[: min(enough, 3)])


def _clock(sine_and_cosine: NDArray[np.float64]) -> str:
    """A range of the day that holds nine of ten moments."""
    angle = np.arctan2(sine_and_cosine[:, 0], sine_and_cosine[:, 1])
    middle = np.arctan2(np.nanmean(np.sin(angle)), np.nanmean(np.cos(angle)))
    apart = np.mod(angle[~np.isnan(angle)] - middle + np.pi, 2 * np.pi) - np.pi
    ends = (middle + np.quantile(apart, [0.05, 0.95])) % (2 * np.pi) / (2 * np.pi) * _DAY_HOURS
    return " – ".join(f"{int(hour):02d}:{int(hour % 1 * 60):02d}" for hour in ends)


def value_texts(table: Table, column: str, positions: NDArray[np.intp]) -> list[str]:
    """The rows' values in a column as text, as they stood in the source where that is known."""
    if table.cells is not None and column in table.cells.column_names:
        values = table.cells[column].take(positions).to_pylist()
    else:
        values = table.frame[column].iloc[positions].tolist()
    return [_text(value) for value in values]


def _text(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return _MISSING
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
