"""Votes between two outputs, as arrays: who judged what, which generator stood where, and what was preferred."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.core.errors import InputError, SchemaError, ShapeError

OUTCOMES = ("left", "right", "tie", "both_bad")
LEFT, RIGHT, TIE, BOTH_BAD = range(4)

Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Votes, one an entry.

    Attributes:
        generators: names, sorted.
        left, right: (n,) which generator stood on that side.
        outcome: (n,) position in :data:`OUTCOMES`.
        weight: (n,) how many votes an entry stands for, > 0.
        rater, item: (n,) numbers of who judged and of what was shown (a prompt, a reference row), or None.
        raters, items: their names.
        served_probability: (n,) the chance with which that pair was chosen to be shown, or None.
        covariates: (n, k) what else differed between left and right, such as length; k may be 0.
        covariate_names: k names.
    """

    generators: tuple[str, ...]
    left: Codes
    right: Codes
    outcome: NDArray[np.int8]
    weight: NDArray[np.float64]
    rater: Codes | None
    item: Codes | None
    raters: tuple[str, ...]
    items: tuple[str, ...]
    served_probability: NDArray[np.float64] | None
    covariates: NDArray[np.float64]
    covariate_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.left)

    @classmethod
    def of(cls, votes: "Comparisons | pd.DataFrame", *, covariates: Collection[str] = ()) -> "Comparisons":
        """Read a table of votes.

        Args:
            votes: columns ``left``, ``right`` and ``outcome`` (of :data:`OUTCOMES`); ``rater``, ``item``, ``weight`` and
                ``served_probability`` where there are such. Names may be of any type; they are read as text.
            covariates: further columns: finite numbers, left less right.

        Raises:
            SchemaError: a column is missing.
            ShapeError: there are no votes.
            InputError: a cell cannot be used; the message names its column and row (from 0), not what it holds.

        >>> votes = pd.DataFrame({"left": ["a", "b"], "right": ["b", "a"], "outcome": ["left", "tie"]})
        >>> Comparisons.of(votes).generators
        ('a', 'b')
        """
        if isinstance(votes, Comparisons):
            return _with(votes, tuple(covariates))
        absent = [name for name in ("left", "right", "outcome", *covariates) if name not in votes.columns]
        if absent:
            raise SchemaError(f"votes need a column {absent[0]!r}: give left, right and outcome, and each covariate that is named")
        if len(votes) == 0:
            raise ShapeError("there are no votes: give at least one")
        codes, generators = _named(pd.concat([votes["left"], votes["right"]], ignore_index=True), "left or right", len(votes))
        left, right = codes[: len(votes)], codes[len(votes) :]
        _refuse(left == right, "left", "names the same generator as right: a vote needs two")
        rater, raters = _named(votes["rater"], "rater") if "rater" in votes else (None, ())
        item, items = _named(votes["item"], "item") if "item" in votes else (None, ())
        return cls(
            generators,
            left,
            right,
            _outcomes(votes["outcome"]),
            _numbers(votes, "weight", above=0.0) if "weight" in votes else np.ones(len(votes)),
            rater,
            item,
            raters,
            items,
            _numbers(votes, "served_probability", above=0.0, most=1.0) if "served_probability" in votes else None,
            np.column_stack([_numbers(votes, name) for name in covariates]) if covariates else np.zeros((len(votes), 0)),
            tuple(covariates),
        )

    def preferences(self) -> pd.DataFrame:
        """What each rater preferred of each pair on each item, whichever side it stood on: the input of agreement and reliability.

        Returns:
            Columns ``unit`` (a number for an item and a pair), ``rater`` and ``label``: ``first`` or ``second`` in the order of the
            generators' names, ``tie`` or ``both_bad``.

        Raises:
            SchemaError: votes do not say who cast them.

        >>> votes = pd.DataFrame({"left": ["a", "b"], "right": ["b", "a"], "outcome": ["left", "left"], "rater": [1, 2]})
        >>> Comparisons.of(votes).preferences()["label"].tolist()
        ['first', 'second']
        """
        if self.rater is None:
            raise SchemaError("votes need a column 'rater' to tell raters apart")
        first, second = np.minimum(self.left, self.right), np.maximum(self.left, self.right)
        k = len(self.generators)
        item = np.zeros(len(self), dtype=np.int64) if self.item is None else self.item
        unit = np.unique((item * k + first) * k + second, return_inverse=True)[1]
        turned = (self.left > self.right) & (self.outcome <= RIGHT)
        chosen = np.where(turned, 1 - self.outcome, self.outcome)
        labels = np.array(["first", "second", "tie", "both_bad"], dtype=object)[chosen]
        return pd.DataFrame({"unit": unit, "rater": np.array(self.raters, dtype=object)[self.rater], "label": labels})


def _with(votes: Comparisons, covariates: tuple[str, ...]) -> Comparisons:
    """The same votes with these covariates only."""
    absent = [name for name in covariates if name not in votes.covariate_names]
    if absent:
        raise SchemaError(f"these votes were read without the covariate {absent[0]!r}: name it when reading them")
    places = [votes.covariate_names.index(name) for name in covariates]
    return replace(votes, covariates=votes.covariates[:, places], covariate_names=covariates)


def _named(column: "pd.Series[Any]", name: str, rows: int | None = None) -> tuple[Codes, tuple[str, ...]]:
    """Numbers of the names, which are sorted as text."""
    codes, names = pd.factorize(column)
    _refuse((codes if rows is None else np.minimum(codes[:rows], codes[rows:])) < 0, name, "is empty")
    texts = np.array([_text(each) for each in names], dtype=object)
    ordered, places = np.unique(texts.astype(str), return_inverse=True)
    return places.astype(np.int64)[codes], tuple(map(str, ordered))


def _text(name: object) -> str:
    """A whole number that a gap made a float is still that number."""
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)


def _outcomes(column: "pd.Series[Any]") -> NDArray[np.int8]:
    codes, names = pd.factorize(column)
    known = {name: i for i, name in enumerate(OUTCOMES)}
    translated = np.array([known.get(str(name), -1) for name in names] + [-1], dtype=np.int8)[codes]
    _refuse(translated < 0, "outcome", f"must be one of {', '.join(OUTCOMES)}")
    return np.asarray(translated)


def _numbers(votes: pd.DataFrame, name: str, *, above: float = -np.inf, most: float = np.inf) -> NDArray[np.float64]:
    numbers = np.array(pd.to_numeric(votes[name], errors="coerce"), dtype=np.float64)
    wanted = "a finite number" + (f" above {above:g}" if above > -np.inf else "") + (f", at most {most:g}" if most < np.inf else "")
    _refuse(~(np.isfinite(numbers) & (numbers > above) & (numbers <= most)), name, f"must be {wanted}")
    return numbers


def _refuse(wrong: NDArray[np.bool_], column: str, why: str) -> None:
    if wrong.any():
        raise InputError(f"{column} of vote {int(np.argmax(wrong))} (counted from 0) {why}")
