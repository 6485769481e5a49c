"""From Samples to feature arrays. ``EXTRACTORS`` names the ways; each loads on use."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

from evalkit.core.schema import Modality

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Features:
    """Feature arrays of one Sample.

    Attributes:
        values: (n, d) finite float64, one row a row of the Sample.
        extractor: what made them, for example ``"pixel_pca"``.
        digest: a hash of the extractor's settings and of all that it learned. Figures from different digests say nothing about
            each other.
    """

    values: Array
    extractor: str
    digest: str


class Extractor(Protocol):
    """One way from a Sample to features: a frozen dataclass of settings; ``fit`` returns a fitted one."""

    def fit(self, reference: Any, *, seed: int) -> Self:
        """Learn from reference rows that no figure is computed on."""

    def extract(self, sample: Any) -> Features:
        """A row's features depend on that row and on what was learned only."""


@dataclass(frozen=True)
class ExtractorSpec:
    """One extractor as the doors show it.

    Attributes:
        name: on the command line and in settings.
        what_it_is: one sentence for somebody who must choose.
        modality: of the Samples it reads.
        module, class_name: where it lives.
    """

    name: str
    what_it_is: str
    modality: Modality
    module: str
    class_name: str

    def load(self) -> type[Extractor]:
        """The class."""
        return cast(type[Extractor], getattr(import_module(self.module), self.class_name))


EXTRACTORS: dict[str, ExtractorSpec] = {spec.name: spec for spec in ()}

__all__ = ["EXTRACTORS", "Extractor", "ExtractorSpec", "Features"]
