"""Which votes are independent of each other, and the covariance of strengths that follows."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from evalkit.core.errors import InputError
from evalkit.statistics.sandwich import clustered_meat, sandwich, two_way_meat

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Errors = Literal["auto", "model", "independent", "rater", "item", "both"]

METHODS: dict[str, str] = {
    "model": "errors of the model",
    "independent": "sandwich errors, votes independent",
    "rater": "sandwich errors by rater",
    "item": "sandwich errors by item",
    "both": "sandwich errors by rater and item",
}

# Errors by groups are too small, and uncertain, when they rest on fewer.
FEW_GROUPS = 10


class Covariance(NamedTuple):
    """Covariances of the estimates.

    Attributes:
        model: where the model holds and votes are independent.
        used: what was asked for.
        degrees: of freedom behind it.
    """

    model: Array
    used: Array
    degrees: float


def kind_of(errors: Errors, groups: dict[str, Codes]) -> Errors:
    """What ``"auto"`` means for these votes; anything else is checked.

    Raises:
        InputError: errors by a column that is not there, or that has one value only.
    """
    if errors == "auto":
        there = [name for name, of in groups.items() if of.max() > 0]
        return "both" if len(there) > 1 else "rater" if "rater" in there else "item" if "item" in there else "independent"
    if errors not in METHODS:
        raise InputError(f"errors must be auto, {', '.join(METHODS)}, got {errors!r}")
    for name in ("rater", "item"):
        if errors in (name, "both") and (name not in groups or groups[name].max() < 1):
            raise InputError(f"errors by {name} need a column {name!r} with two or more of them")
    return errors


def covariance(bread: Array, scores: sparse.csr_array, copies: Array, groups: dict[str, Codes], kind: Errors) -> Covariance:
    """The covariance of estimates.

    Args:
        bread: inverse of the information.
        scores: of each vote, with its weight.
        copies: (n,) how many votes each stands for.
        groups: (n,) numbers of raters and items.
        kind: not ``"auto"``.
    """
    if kind == "independent":
        single = sparse.csr_array(sparse.diags_array(1 / np.sqrt(copies)) @ scores)
        return Covariance(bread, sandwich(bread, np.asarray((single.T @ single).toarray())), math.inf)
    if kind == "both":
        meat = two_way_meat(scores, groups["rater"], groups["item"], copies)
    else:
        meat = clustered_meat(scores, groups[kind], copies)
    return Covariance(bread, sandwich(bread, meat.matrix), meat.degrees)


def resting_on(kind: Errors, groups: dict[str, Codes], degrees: float) -> list[str]:
    """What a reader must know about the errors, one sentence each."""
    if kind == "independent":
        return ["votes are taken as independent: intervals are too narrow if raters cast several, or if items differ"]
    counts = {name: int(groups[name].max()) + 1 for name in ("rater", "item") if kind in (name, "both")}
    few = [f"errors rest on only {n} {name}s: intervals are rough" for name, n in counts.items() if n < FEW_GROUPS]
    if not few and degrees + 1 < FEW_GROUPS:
        few = [f"a few {' or '.join(f'{name}s' for name in counts)} have most of the votes: intervals are rough"]
    return few


def renumbered(codes: Codes) -> Codes:
    """The same groups as 0, 1, … without gaps."""
    present = np.bincount(codes) > 0
    return (np.cumsum(present) - 1)[codes]
