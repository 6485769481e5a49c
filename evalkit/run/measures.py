"""What can be measured of a modality, and by what it is seen, as the doors show it; light, no NumPy."""

from evalkit.core.schema import Modality
from evalkit.discriminator import CLASSIFIER_TESTS
from evalkit.features import EXTRACTORS, USUAL, ExtractorSpec
from evalkit.metrics import METRICS, MetricSpec

MEASURES: dict[str, MetricSpec] = {**METRICS, **CLASSIFIER_TESTS}
"""What can be asked for by name: every metric, and the classifier tests."""


def metrics_of(modality: Modality | None = None) -> dict[str, MetricSpec]:
    """The metrics that can be asked of a modality, or all there are, by name, in the catalogue's order.

    >>> metrics_of("table").keys() <= metrics_of().keys()
    True
    """
    return {name: spec for name, spec in MEASURES.items() if modality is None or modality in spec.modalities}


def usual_metrics(modality: Modality) -> list[str]:
    """The names of those that are measured where none is named."""
    return [name for name, spec in metrics_of(modality).items() if spec.usual]


def extractors_of(modality: Modality) -> dict[str, ExtractorSpec]:
    """What figures of a modality can see, by name, the usual one first.

    >>> next(iter(extractors_of("table")))
    'encoded_table'
    """
    found = {name: spec for name, spec in EXTRACTORS.items() if spec.modality == modality}
    return dict(sorted(found.items(), key=lambda item: item[0] != USUAL.get(modality)))


def can_be_compared(modality: Modality) -> bool:
    """Whether there is a metric and a usual extractor for it."""
    return bool(metrics_of(modality)) and modality in USUAL
