"""How far raters agree: one coefficient a file, and one door to all."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from evalkit.core.errors import InputError, UndefinedError
from evalkit.core.evidence import Evidence, Failure, Finding
from evalkit.ratings.agreement.icc import FORMS, icc
from evalkit.ratings.agreement.kappa import cohen_kappa, fleiss_kappa, gwet_ac
from evalkit.ratings.agreement.krippendorff import krippendorff_alpha
from evalkit.ratings.agreement.labels import Labels
from evalkit.statistics.intervals import Interval


class Coefficient(NamedTuple):
    """A way of measuring agreement.

    Attributes:
        measure: from labels and settings to the value with its interval.
        method: in words.
        suits: when to use it.
    """

    measure: Callable[..., Interval]
    method: str
    suits: str


COEFFICIENTS = {
    "krippendorff": Coefficient(
        krippendorff_alpha, "Krippendorff's alpha, units resampled", "any raters, missing labels, four scales"
    ),
    "cohen": Coefficient(cohen_kappa, "Cohen's kappa, t interval of units' influences", "two raters, classes or ordered classes"),
    "fleiss": Coefficient(fleiss_kappa, "Fleiss' kappa, t interval of units' influences", "any raters, classes"),
    "gwet": Coefficient(gwet_ac, "Gwet's AC, t interval of units' influences", "any raters, classes of which one is very frequent"),
    "icc": Coefficient(icc, "intraclass correlation, F interval", "numbers, every rater rated every unit"),
}


def agreement(labels: Any, *, coefficient: str = "krippendorff", **settings: Any) -> Finding:
    """How far raters agree, beyond chance, as Evidence; or why that is undefined.

    Agreement is not correctness: raters may share an error. Below about 0.67 Krippendorff advises against conclusions from
    the labels; preferences between good outputs are often far lower, and means over many raters may still be firm.

    Args:
        labels: units in rows and raters in columns, or columns ``unit``, ``rater`` and ``label``; empty where missing. Votes
            between two outputs: ``Comparisons.of(votes).preferences()``.
        coefficient: one of ``COEFFICIENTS``.
        settings: of the coefficient: ``scale`` of krippendorff, ``weights`` of cohen, fleiss and gwet, ``form`` of icc, ``values``,
            ``level``, and ``seed`` where there is one.

    Returns:
        Evidence with n units, or a Failure where the coefficient is undefined for these labels (they are all the same, no unit has
        two): never 0 or 1 in its place.

    Raises:
        InputError: the coefficient is unknown or the labels do not suit it.

    >>> agreement([["a", "a"], ["b", "b"], ["a", "b"], ["b", "b"]]).status
    'ok'
    >>> agreement([["a", "a"], ["a", "a"]]).status
    'failed'
    """
    if coefficient not in COEFFICIENTS:
        raise InputError(f"the coefficient must be one of {', '.join(COEFFICIENTS)}, got {coefficient!r}")
    spec, name = COEFFICIENTS[coefficient], f"agreement ({coefficient})"
    read = Labels.of(labels, values=settings.pop("values", None))
    try:
        found = spec.measure(read, **settings)
    except UndefinedError as error:
        return Failure(name=name, reason=str(error), remedy=f"Collect more labels, or another coefficient than for {spec.suits}")
    return Evidence(
        name=name,
        value=found.value,
        low=found.low,
        high=found.high,
        direction="higher",
        n=len(np.unique(read.unit)),
        method=spec.method,
        settings={"coefficient": coefficient, **settings},
        seed=settings.get("seed"),
    )


__all__ = [
    "COEFFICIENTS",
    "FORMS",
    "Labels",
    "agreement",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac",
    "icc",
    "krippendorff_alpha",
]
