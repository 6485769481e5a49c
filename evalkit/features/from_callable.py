"""Features by the user's own function: a pretrained network, for example."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Sample
from evalkit.core.seeds import generator
from evalkit.data import content_hash
from evalkit.features.base import Features, digest_of, features_of, numbers

Array = NDArray[np.float64]
Function = Callable[[Any], ArrayLike]

_PROBED = 8
_TOLERANCE = 1e-4  # of the largest feature: float32 networks add up in another order in another batch


@dataclass(frozen=True)
class FromCallable:
    """An extractor from any function.

    Args:
        function: from a Sample to (n, d) finite numbers, row for row. A row's features must not depend on the other rows: no
            scaling by the batch, no batch normalisation in training mode, no dropout.
        name: under which figures show it.

    >>> from evalkit.core.sample import Texts
    >>> texts = Texts.of(["to be", "or", "not"])
    >>> lengths = FromCallable(lambda sample: [[len(text)] for text in sample.texts.to_pylist()], "length")
    >>> lengths.fit(texts, seed=0).extract(texts).values.ravel().tolist()
    [5.0, 2.0, 3.0]
    """

    function: Function
    name: str

    def fit(self, reference: Sample, *, seed: int) -> "FittedCallable":
        """Try the function on a few reference rows, together and alone; it learns nothing.

        The digest is a hash of the name and of what it made of these rows: a function that changes has another one, as far as
        these rows show it.

        Raises:
            InputError: it gives other features for a row alone than for the row among others, or other features in a second call.
            ShapeError: it does not give (n, d).
        """
        if not len(reference):
            raise ShapeError(f"{self.name} needs a reference row to be tried on, got none: give more")
        chosen = generator(seed, "callable", "probe").permutation(len(reference))[:_PROBED]
        probe = reference.take(np.sort(chosen))
        together = _values(self.function, probe, self.name)
        again = _values(self.function, probe, self.name)
        alone = np.concatenate([_values(self.function, probe.take(np.array([i])), self.name) for i in range(len(probe))])
        if alone.shape != together.shape or not np.allclose(alone, together, rtol=0, atol=_allowed(together)):
            raise InputError(
                f"{self.name} gives a row alone other features than among others: take out what depends on the batch, such as "
                "scaling by the batch or batch normalisation in training mode"
            )
        if not np.allclose(again, together, rtol=0, atol=_allowed(together)):
            raise InputError(f"{self.name} gives other features in a second call: fix its seed, and switch dropout off")
        return FittedCallable(self.function, self.name, digest_of("callable", self.name, content_hash(probe), together))


@dataclass(frozen=True, eq=False)
class FittedCallable:
    """See :class:`FromCallable`.

    Attributes:
        function, name: as given.
        digest: of the name and of the features of a few rows.
        repeatable: False: such features are not kept in a cache.
    """

    function: Function
    name: str
    digest: str
    repeatable: bool = False

    def extract(self, sample: Sample) -> Features:
        """What the function gives, checked.

        Raises:
            ShapeError: it does not give (n, d).
            InputError: a feature is missing or infinite, or not a number.
        """
        return features_of(_values(self.function, sample, self.name), self.name, self.digest)


def _values(function: Function, sample: Sample, name: str) -> Array:
    values = numbers(function(sample), f"features of {name}")
    if values.ndim != 2 or len(values) != len(sample) or not values.shape[1]:
        raise ShapeError(f"{name} must give one row of features for each of {len(sample)} rows, got shape {values.shape}")
    return features_of(values, name, "").values


def _allowed(values: Array) -> float:
    return _TOLERANCE * max(float(np.abs(values).max(initial=0.0)), np.finfo(np.float64).tiny)
