"""The classifier test with other families than the usual one, each as a metric."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.core.errors import SchemaError
from evalkit.core.sample import Images, Sample, Series
from evalkit.discriminator.c2st import Array, ClassifierTest
from evalkit.discriminator.raw_rows import raw_rows
from evalkit.statistics.influence import Estimate


@dataclass(frozen=True)
class LogisticTest:
    """The figure ``c2st_logistic`` of :class:`~evalkit.discriminator.c2st.ClassifierTest`."""

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """The AUC; see there."""
        return {"c2st_logistic": _area("logistic", reference, generated, seed)}


@dataclass(frozen=True)
class PerceptronTest:
    """The figure ``c2st_mlp`` of :class:`~evalkit.discriminator.c2st.ClassifierTest`."""

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """The AUC; see there."""
        return {"c2st_mlp": _area("mlp", reference, generated, seed)}


@dataclass(frozen=True)
class RawTest:
    """The figure ``c2st_raw``: the test by a network that reads images, or a window of each series, as they are.

    What features do not hold it may see, and the other way round: it learns from the same few rows. Rows of series are one window
    each, so that they are independent; with few long series it has little to go by.
    """

    def estimates(self, reference: Sample, generated: Sample, *, seed: int) -> Mapping[str, Estimate]:
        """The AUC.

        Raises:
            SchemaError: neither images nor series on both sides.
            ShapeError: fewer than 10 rows a side.
            InputError: images of another form, or series with other channels.
        """
        families: dict[type[Any], str] = {Images: "convolutional", Series: "recurrent"}
        if type(reference) is not type(generated) or type(reference) not in families:
            raise SchemaError("c2st_raw reads images or series: give those, or choose c2st")
        rows = raw_rows(reference, generated, seed=seed)
        return {"c2st_raw": _area(families[type(reference)], *rows, seed)}


def _area(family: str, reference: Array, generated: Array, seed: int) -> Estimate:
    return ClassifierTest(family).estimate(reference, generated, seed=seed)
