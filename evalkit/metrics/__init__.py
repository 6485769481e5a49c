"""Distribution metrics: how far generated rows are from real ones. ``METRICS`` names them; each loads on use."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from evalkit.core.errors import InputError
from evalkit.core.schema import Modality

if TYPE_CHECKING:
    from evalkit.statistics.influence import Estimate

NEEDS_FITTED = "{} needs the rows that the generators were fitted to: give them with --fitted PATH"

MODALITIES: tuple[Modality, ...] = ("table", "images", "texts", "series")


class Metric(Protocol):
    """One metric: a frozen dataclass whose fields are its settings and whose repr is their text.

    ``reference`` and ``generated`` are float64 feature arrays, (n, d) and (m, d), where the catalogue says that the metric reads
    ``"features"``, else Samples of one schema; see :meth:`MetricSpec.reads_features`.
    """

    def estimates(self, reference: Any, generated: Any, *, seed: int) -> "Mapping[str, Estimate]":
        """The figures by name, most metrics one. What cannot be had is an InputError with one sentence."""


class FittedMetric(Protocol):
    """A metric that can only tell with the rows that the generator was fitted to; else as :class:`Metric`.

    ``reference`` are real rows of the same law that the generator never saw. The reference influences of its Estimates are those
    of the reference, or of the fitted rows and then of the reference.
    """

    def estimates(self, reference: Any, generated: Any, *, fitted: Any, seed: int) -> "Mapping[str, Estimate]":
        """The figures by name. What cannot be had is an InputError with one sentence."""


@dataclass(frozen=True)
class MetricSpec:
    """One metric as the doors show it: light, nothing heavy is imported. With its usual settings it is a Metric itself.

    Attributes:
        name: on the command line and in settings.
        what_it_is: one sentence for somebody who must choose.
        module, class_name: where it lives.
        figures: the names of the figures it gives.
        steady: those that are the same on average for any number of generated rows. By the others, generators that gave unequally
            many are compared on equally many.
        reads: feature arrays, Samples, or ``"rows"``: tables as they are, of other data their features.
        modalities: what it can be asked of.
        usual: whether it is measured where none is named.
        needs_fitted: whether it is a :class:`FittedMetric`; measured where fitted rows are given.
        whole_reference: whether it looks for single rows, so that real rows which the extractor learned from count as well.
    """

    name: str
    what_it_is: str
    module: str
    class_name: str
    figures: tuple[str, ...]
    steady: tuple[str, ...] = ()
    reads: Literal["features", "samples", "rows"] = "features"
    modalities: tuple[Modality, ...] = MODALITIES
    usual: bool = True
    needs_fitted: bool = False
    whole_reference: bool = False

    def reads_features(self, modality: Modality | None) -> bool:
        """Whether it reads feature arrays where the data are of this modality; None: where there is nothing but features.

        >>> METRICS["kid"].reads_features("table"), METRICS["column_shapes"].reads_features("table")
        (True, False)
        """
        return self.reads == "features" or (self.reads == "rows" and modality != "table")

    def load(self) -> type[Metric | FittedMetric]:
        """The class."""
        return cast(type[Metric | FittedMetric], getattr(import_module(self.module), self.class_name))

    def estimates(self, reference: Any, generated: Any, *, seed: int, fitted: Any = None) -> "Mapping[str, Estimate]":
        """The figures by name, with the usual settings.

        Args:
            reference: real rows, as :class:`Metric` says.
            generated: likewise.
            seed: of every draw.
            fitted: rows that the generator was fitted to, likewise; left aside where they are not needed.

        Raises:
            InputError: fitted rows are needed and there are none, or what the metric refuses.
        """
        metric = self.load()()
        if not self.needs_fitted:
            return cast(Metric, metric).estimates(reference, generated, seed=seed)
        if fitted is None:
            raise InputError(NEEDS_FITTED.format(self.name))
        return cast(FittedMetric, metric).estimates(reference, generated, fitted=fitted, seed=seed)


METRICS: dict[str, MetricSpec] = {
    spec.name: spec
    for spec in (
        MetricSpec(
            name="frechet",
            what_it_is="How far means and covariances of features are apart; frechet_plain: with the bias of few rows left in.",
            module="evalkit.metrics.frechet",
            class_name="Frechet",
            figures=("frechet", "frechet_plain"),
            steady=("frechet",),
        ),
        MetricSpec(
            name="kid",
            what_it_is="How far two samples are apart by a polynomial kernel, over all pairs; unbiased, good with few rows.",
            module="evalkit.metrics.mmd",
            class_name="KernelDistance",
            figures=("kid",),
            steady=("kid",),
        ),
        MetricSpec(
            name="mmd",
            what_it_is="The same by a Gaussian kernel: sees any difference at about the distance between typical rows.",
            module="evalkit.metrics.mmd",
            class_name="GaussianKernelDistance",
            figures=("mmd",),
            steady=("mmd",),
        ),
        MetricSpec(
            name="prdc",
            what_it_is="Which generated rows lie among real ones, and which real ones are reached: invented and dropped modes.",
            module="evalkit.metrics.precision_recall",
            class_name="Prdc",
            figures=("precision", "recall", "density", "coverage"),
            steady=("precision", "density"),
        ),
        MetricSpec(
            name="copies",
            what_it_is="How many generated rows equal a real one, and how many lie as far from any as real rows from each other.",
            module="evalkit.metrics.copies",
            class_name="Copies",
            figures=("exact_copies", "authenticity"),
            steady=("exact_copies", "authenticity"),
            whole_reference=True,
        ),
        MetricSpec(
            name="column_shapes",
            what_it_is="How alike each column is by itself, averaged over the columns.",
            module="evalkit.metrics.column_shapes",
            class_name="ColumnShapes",
            figures=("column_shapes",),
            reads="samples",
            modalities=("table",),
        ),
        MetricSpec(
            name="pair_trends",
            what_it_is="How alike pairs of columns depend on each other, averaged over the pairs.",
            module="evalkit.metrics.pair_trends",
            class_name="PairTrends",
            figures=("pair_trends",),
            reads="samples",
            modalities=("table",),
        ),
        MetricSpec(
            name="distinct_n",
            what_it_is="How many different words, pairs and triples of words there are in equal amounts of text.",
            module="evalkit.metrics.distinct_n",
            class_name="DistinctN",
            figures=("distinct_1", "distinct_2", "distinct_3", "distinct_gap"),
            reads="samples",
            modalities=("texts",),
        ),
        MetricSpec(
            name="self_bleu",
            what_it_is="How far each text can be pieced together from the others of its own sample.",
            module="evalkit.metrics.self_bleu",
            class_name="SelfBleu",
            figures=("self_bleu", "self_bleu_gap"),
            reads="samples",
            modalities=("texts",),
        ),
        MetricSpec(
            name="mauve",
            what_it_is="How alike the shares of rows in many small clusters are: modes that are invented, and modes that are lost.",
            module="evalkit.metrics.mauve",
            class_name="Mauve",
            figures=("mauve", "mauve_star"),
            usual=False,
        ),
        MetricSpec(
            name="perplexity",
            what_it_is="How well an n-gram model of real texts foretells generated ones, beside real texts that it has not seen.",
            module="evalkit.metrics.perplexity",
            class_name="Perplexity",
            figures=("perplexity", "perplexity_excess", "perplexity_gap"),
            steady=("perplexity", "perplexity_excess", "perplexity_gap"),
            reads="samples",
            modalities=("texts",),
        ),
        MetricSpec(
            name="boundary_adherence",
            what_it_is="How many values stay within the reference's range, or among its labels, averaged over the columns.",
            module="evalkit.metrics.boundary",
            class_name="BoundaryAdherence",
            figures=("boundary_adherence",),
            steady=("boundary_adherence",),
            reads="samples",
            modalities=("table",),
        ),
        MetricSpec(
            name="ml_efficacy",
            what_it_is="Whether models of generated rows foretell real rows as well as models of real ones do; 0: as well.",
            module="evalkit.metrics.ml_efficacy",
            class_name="MlEfficacy",
            figures=("ml_efficacy",),
            reads="samples",
            modalities=("table",),
            usual=False,
        ),
        MetricSpec(
            name="timegan_scores",
            what_it_is="Whether small recurrent networks tell generated series from real ones, and learn the next step from them.",
            module="evalkit.metrics.timegan_scores",
            class_name="TimeganScores",
            figures=("discriminative", "predictive"),
            reads="samples",
            modalities=("series",),
            usual=False,
        ),
        MetricSpec(
            name="vendi",
            what_it_is="How many wholly different rows the generated ones are as varied as, and how far that is from real ones.",
            module="evalkit.metrics.vendi",
            class_name="Vendi",
            figures=("vendi", "vendi_gap"),
            usual=False,
        ),
        MetricSpec(
            name="sliced_wasserstein",
            what_it_is="How far rows would have to be moved along random directions; mind is the same as others print it.",
            module="evalkit.metrics.sliced_wasserstein",
            class_name="SlicedWasserstein",
            figures=("sliced_wasserstein", "mind"),
            usual=False,
        ),
        MetricSpec(
            name="frechet_extrapolated",
            what_it_is="The Fréchet distance that ever more rows lead to, by a line through those of parts (FID-infinity).",
            module="evalkit.metrics.frechet_extrapolated",
            class_name="FrechetExtrapolated",
            figures=("frechet_extrapolated",),
            usual=False,
        ),
        MetricSpec(
            name="feature_likelihood",
            what_it_is="How likely unseen real rows are where generated rows lie: bad rows, lost modes and copies in one (FLD).",
            module="evalkit.metrics.feature_likelihood",
            class_name="FeatureLikelihood",
            figures=("feature_likelihood",),
            usual=False,
        ),
        MetricSpec(
            name="classifier_score",
            what_it_is="How surely rows are of one class each, and of how many in all; features must be class probabilities.",
            module="evalkit.metrics.classifier_score",
            class_name="ClassifierScores",
            figures=("classifier_score",),
            usual=False,
        ),
        MetricSpec(
            name="nearest_share",
            what_it_is="How many generated rows lie closer to rows that the generator was fitted to than to as many it never saw.",
            module="evalkit.metrics.fitted_rows",
            class_name="NearestShare",
            figures=("nearest_share",),
            steady=("nearest_share",),
            usual=False,
            needs_fitted=True,
        ),
        MetricSpec(
            name="closest_record_control",
            what_it_is="How often a generated row lies closer to rows that the generator was fitted to than a new real row does.",
            module="evalkit.metrics.fitted_rows",
            class_name="ClosestRecordControl",
            figures=("closest_record_control",),
            steady=("closest_record_control",),
            reads="samples",
            modalities=("table",),
            usual=False,
            needs_fitted=True,
        ),
        MetricSpec(
            name="membership_attack",
            what_it_is="How well generated rows betray which real rows the generator was fitted to; 0.5: not at all.",
            module="evalkit.metrics.fitted_rows",
            class_name="MembershipAttack",
            figures=("membership_attack",),
            modalities=("table", "images", "texts"),
            usual=False,
            needs_fitted=True,
        ),
    )
}

__all__ = ["METRICS", "MODALITIES", "NEEDS_FITTED", "FittedMetric", "Metric", "MetricSpec"]
