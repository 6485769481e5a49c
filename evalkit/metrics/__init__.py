"""Distribution metrics: how far generated rows are from real ones. ``METRICS`` names them; each loads on use."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol, cast

from evalkit.core.schema import Modality
from evalkit.statistics.influence import Estimate

MODALITIES: tuple[Modality, ...] = ("table", "images", "texts", "series")


class Metric(Protocol):
    """One metric: a frozen dataclass whose fields are its settings and whose repr is their text.

    ``reference`` and ``generated`` are float64 feature arrays, (n, d) and (m, d), where the catalogue says that the metric reads
    ``"features"``, else Samples of one schema.
    """

    def estimates(self, reference: Any, generated: Any, *, seed: int) -> Mapping[str, Estimate]:
        """The figures by name, most metrics one. What cannot be had is an InputError with one sentence."""


@dataclass(frozen=True)
class MetricSpec:
    """One metric as the doors show it: light, nothing heavy is imported.

    Attributes:
        name: on the command line and in settings.
        what_it_is: one sentence for somebody who must choose.
        module, class_name: where it lives.
        figures: the names of the figures it gives.
        reads: feature arrays or Samples.
        modalities: what it can be asked of.
        usual: whether it is measured where none is named.
    """

    name: str
    what_it_is: str
    module: str
    class_name: str
    figures: tuple[str, ...]
    reads: Literal["features", "samples"] = "features"
    modalities: tuple[Modality, ...] = MODALITIES
    usual: bool = True

    def load(self) -> type[Metric]:
        """The class."""
        return cast(type[Metric], getattr(import_module(self.module), self.class_name))


METRICS: dict[str, MetricSpec] = {
    spec.name: spec
    for spec in (
        MetricSpec(
            name="prdc",
            what_it_is="Which generated rows lie among real ones, and which real ones are reached; names dropped and invented modes.",
            module="evalkit.metrics.precision_recall",
            class_name="Prdc",
            figures=("precision", "recall", "density", "coverage"),
        ),
    )
}

__all__ = ["METRICS", "MODALITIES", "Metric", "MetricSpec"]
