"""Classifiers that try to tell generated rows from real ones. ``FAMILIES`` names them; each loads on use."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from evalkit.metrics import MetricSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]


class FittedClassifier(Protocol):
    """What a family gives back."""

    def realness(self, rows: "Array", /) -> "Array":
        """The chance that each row is real, (n,), 0 … 1, by the classifier's own account; a row's depends on that row only."""


class Family(Protocol):
    """One family of classifiers: a frozen dataclass whose fields are its settings."""

    def fit(self, rows: "Array", real: "Flags", *, seed: int) -> FittedClassifier:
        """Learn from finite rows with at least one on each side. On one machine a seed decides the result.

        Rows are (n, d) features, or have the axes that the catalogue says.
        """


@dataclass(frozen=True)
class FamilySpec:
    """One family as the doors show it: light, nothing heavy is imported.

    Attributes:
        name: on the command line and in settings.
        what_it_is: one sentence for somebody who must choose.
        module, class_name: where it lives.
        axes: the axes that each row has, and so the arrays after their first.
    """

    name: str
    what_it_is: str
    module: str
    class_name: str
    axes: tuple[str, ...] = ("features",)

    def load(self) -> type[Family]:
        """The class."""
        return cast(type[Family], getattr(import_module(self.module), self.class_name))


FAMILIES: dict[str, FamilySpec] = {
    spec.name: spec
    for spec in (
        FamilySpec(
            "logistic",
            "A straight line through the features: sees shifted levels, and neither spread nor broken dependence.",
            "evalkit.discriminator.families",
            "Logistic",
        ),
        FamilySpec(
            "boosted_trees",
            "Many small trees: sees thresholds, gaps, rounding, tails and dependence between columns; the usual choice for tables.",
            "evalkit.discriminator.families",
            "BoostedTrees",
        ),
        FamilySpec(
            "mlp",
            "A small network: sees smooth dependence of many features at once; the usual choice for features of images and texts.",
            "evalkit.discriminator.families",
            "Perceptron",
        ),
        FamilySpec(
            "convolutional",
            "A small network over pixels: sees texture, edges and noise of images as they are.",
            "evalkit.discriminator.networks",
            "Convolutional",
            axes=("height", "width", "channels"),
        ),
        FamilySpec(
            "recurrent",
            "A small network over steps: sees in which order the values of a series come.",
            "evalkit.discriminator.networks",
            "Recurrent",
            axes=("length", "channels"),
        ),
    )
}

OF_FEATURES: tuple[str, ...] = tuple(name for name, spec in FAMILIES.items() if spec.axes == ("features",))
"""The families that read feature rows."""

CLASSIFIER_TESTS: dict[str, MetricSpec] = {
    spec.name: spec
    for spec in (
        MetricSpec(
            name="c2st",
            what_it_is="How often a freshly trained classifier finds a real row more real than a generated one; 0.5: cannot tell.",
            module="evalkit.discriminator.c2st",
            class_name="ClassifierTest",
            figures=("c2st",),
        ),
        MetricSpec(
            name="c2st_logistic",
            what_it_is="The same by a straight line: what shifted levels alone give away.",
            module="evalkit.discriminator.by_family",
            class_name="LogisticTest",
            figures=("c2st_logistic",),
            usual=False,
        ),
        MetricSpec(
            name="c2st_mlp",
            what_it_is="The same by a small network over all features at once.",
            module="evalkit.discriminator.by_family",
            class_name="PerceptronTest",
            figures=("c2st_mlp",),
            usual=False,
        ),
        MetricSpec(
            name="c2st_raw",
            what_it_is="The same by a network that reads images or series as they are, and not their features.",
            module="evalkit.discriminator.by_family",
            class_name="RawTest",
            figures=("c2st_raw",),
            reads="samples",
            modalities=("images", "series"),
            usual=False,
        ),
    )
}
"""The classifier test as a metric, with the usual family and with others."""

DETECTOR = MetricSpec(
    name="detector",
    what_it_is="How odd generated rows are to a detector fitted on half of the real ones: too odd, or too tame.",
    module="evalkit.discriminator.oddness",
    class_name="DetectorTest",
    figures=("oddest_share", "oddness", "oddness_gap"),
    steady=("oddest_share", "oddness", "oddness_gap"),
    reads="rows",
)
"""The anomaly detector as a metric."""

__all__ = ["CLASSIFIER_TESTS", "DETECTOR", "FAMILIES", "OF_FEATURES", "Family", "FamilySpec", "FittedClassifier"]
