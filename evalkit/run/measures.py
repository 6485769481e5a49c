"""What can be measured of a modality, and by what it is seen, as the doors show it; light, no NumPy."""

from collections.abc import Sequence

from evalkit.core.errors import InputError
from evalkit.core.schema import Modality
from evalkit.discriminator import CLASSIFIER_TESTS, DETECTOR
from evalkit.features import EXTRACTORS, USUAL, ExtractorSpec
from evalkit.metrics import METRICS, NEEDS_FITTED, MetricSpec

CLUSTERS, CAPTION = "clusters", "caption"
"""By what rows can be sliced, beside the columns of labels of a table: clusters of anything, the captions of images."""

BY_DETECTOR = DETECTOR.name
"""What is measured of all generators at once, after the others."""
PATH_LENGTH = "path_length"
WHAT_A_PATH_LENGTH_IS = (
    "How far drawn images move, as features see it, when their noise moves a little; small: smooth, or all alike."
)
"""Of fitted models, not of rows; see :mod:`evalkit.run.path_lengths`."""

MEASURES: dict[str, MetricSpec] = {**METRICS, **CLASSIFIER_TESTS, DETECTOR.name: DETECTOR}
"""What can be asked for by name: every metric, the classifier tests, and the anomaly detector."""


def metrics_of(modality: Modality | None = None) -> dict[str, MetricSpec]:
    """The metrics that can be asked of a modality, or all there are, by name, in the catalogue's order.

    >>> metrics_of("table").keys() <= metrics_of().keys()
    True
    """
    return {name: spec for name, spec in MEASURES.items() if modality is None or modality in spec.modalities}


def usual_metrics(modality: Modality) -> list[str]:
    """The names of those that are measured where none is named."""
    return [name for name, spec in metrics_of(modality).items() if spec.usual]


def chosen_metrics(modality: Modality, named: Sequence[str] | None = None, *, fitted: bool = False) -> list[str]:
    """The names of what is measured: those that were named, else the usual ones.

    Where fitted rows are given, and none of these has a use for them, also those that need them.

    Args:
        modality: of the reference.
        named: by the user.
        fitted: whether the rows that the generators were fitted to are there.

    Raises:
        InputError: there is no such metric, or one that was named needs fitted rows and there are none.

    >>> chosen_metrics("texts", ["kid"], fitted=True)
    ['kid', 'nearest_share', 'membership_attack']
    """
    possible = metrics_of(modality)
    chosen = usual_metrics(modality) if named is None else list(dict.fromkeys(named))
    for name in chosen:
        if name not in possible:
            raise InputError(f"there is no metric {name!r} for {modality}: choose from {', '.join(possible)}")
        if possible[name].needs_fitted and not fitted:
            raise InputError(NEEDS_FITTED.format(name))
    if fitted and not any(possible[name].needs_fitted for name in chosen):
        chosen += [name for name, spec in possible.items() if spec.needs_fitted]
    return chosen


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
