"""The classifier two-sample test: can a classifier tell generated rows from real ones that it has not seen?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.core.seeds import derive_seed, generator
from evalkit.discriminator import FAMILIES, FittedClassifier
from evalkit.discriminator.halves import FEWEST, Half, balanced_samples, halves
from evalkit.discriminator.learning import learning_variance
from evalkit.statistics import Interval, auc, auc_estimate, auc_interval, binomial_test, proportion_interval, rank_sum_test
from evalkit.statistics.influence import Estimate
from evalkit.statistics.splitting import share_variance_floor

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Separation:
    """How well one classifier tells held-out real rows from held-out generated ones.

    Attributes:
        family: of the classifier.
        auc: share of (real, generated) pairs in which it finds the real row more real, ties half; 0.5: chance, 1: always right.
        accuracy: share of rows on whose right side of one half it is; 0.5 is the floor, and a constant answer gets it.
        p_value: one-sided rank-sum test of the held-out answers, see :func:`~evalkit.statistics.two_samples.rank_sum_test`.
        accuracy_p_value: exact binomial test of the accuracy, one-sided.
        n: held-out rows a side.
        n_training: training rows a side.
        real: (n,) the classifier's answers for held-out real rows, 0 … 1, higher = more real.
        generated: (n,) those for generated rows.
        rows: which rows these were.
        classifier: as fitted on the training half.
    """

    family: str
    auc: Interval
    accuracy: Interval
    p_value: float
    accuracy_p_value: float
    n: int
    n_training: int
    real: Array
    generated: Array
    rows: Half
    classifier: FittedClassifier


@dataclass(frozen=True, eq=False)
class ClassifierTestResult:
    """A separation, and beside it the same of real rows from real rows.

    Attributes:
        found: of generated from real rows.
        control: of one half of the reference from the other: what such a classifier makes of no difference, on as many rows as
            the reference allows; None where it has fewer than 20 rows, or none was asked for.
        n_reference: rows in the reference.
        n_generated: rows in the generated sample.
        seed: of the run.
    """

    found: Separation
    control: Separation | None
    n_reference: int
    n_generated: int
    seed: int

    @property
    def given_the_classifier(self) -> Estimate:
        """The AUC of the classifier that was trained, with each held-out row's influence.

        Rows that were not held out move it by nothing. What another training half would have changed is not in it: for
        differences of generators see :meth:`ClassifierTest.estimate`.
        """
        held_out, n = auc_estimate(self.found.real, self.found.generated), self.found.n
        method = "AUC of a held-out classifier, variance of DeLong"
        reference = _spread(held_out.reference, self.found.rows.reference, self.n_reference)
        generated = _spread(held_out.generated, self.found.rows.generated, self.n_generated)
        # Where fewer than two rows' pairs are the other way round, these rows do not show how much another sample would.
        extreme = min(held_out.value, 1 - held_out.value) * n < 2
        shown = sum(float(rows.var(ddof=1)) / len(rows) for rows in (reference, generated))
        further = max(0.0, share_variance_floor(held_out.value, n) - shown) if extreme else 0.0
        return Estimate(held_out.value, "lower", method, reference, generated, further, range=(0.0, 1.0))

    @property
    def method(self) -> str:
        """How the figure was found, in words."""
        return (
            f"AUC of a held-out {self.found.family} classifier, interval of Newcombe, {self.found.n} held-out rows a side; "
            "p by permuted ranks"
        )


@dataclass(frozen=True)
class ClassifierTest:
    """A classifier learns from one half of the rows, and is asked about the other half.

    The larger sample is cut to the size of the smaller by lot, and rows are split once; see
    :func:`~evalkit.discriminator.halves.halves`. One split, since folds depend on each other: a binomial test on pooled folds
    rejects more often than it says. The intervals and tests of :meth:`run` hold given the classifier: they do not say what
    another training half would have found, as the interval of :meth:`estimate` does, nor a better family. An AUC of 0.5 says
    that this family, with so many training rows, found nothing; it does not say that there is nothing. Rows that come in groups
    (visits of one patient) make p-values too small.

    Attributes:
        family: one of ``FAMILIES``.

    Source: Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017; Kim et al., Annals of Statistics 49 (2021).

    >>> random = np.random.default_rng(0)
    >>> result = ClassifierTest("logistic").run(random.normal(size=(400, 2)), random.normal(1, 1, size=(400, 2)), seed=0)
    >>> result.found.auc.low > 0.7, result.found.p_value, result.control.auc.low < 0.5 < result.control.auc.high
    (True, 0.0005, True)
    """

    family: str = "boosted_trees"

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise InputError(f"there is no family of classifiers of this name: choose one of {', '.join(FAMILIES)}")

    def run(self, reference: Array, generated: Array, *, seed: int, control: bool = True) -> ClassifierTestResult:
        """The test and its control.

        Args:
            reference: (n, d) finite features of real rows, n >= 10; for a family with other axes, (n, …) rows with these.
            generated: (m, d) or (m, …) likewise, m >= 10.
            seed: of the lots and of the classifier.
            control: whether real rows are also held against real rows.

        Raises:
            ShapeError: not two arrays of rows with the family's axes and of one shape, or fewer than 10 rows a side.
            InputError: a feature is NaN or infinite.
        """
        reference, generated = (np.asarray(rows, dtype=np.float64) for rows in (reference, generated))
        samples = balanced_samples(reference, generated, seed=seed, axes=FAMILIES[self.family].axes)
        found = self._separation(reference, generated, samples, seed)
        beside = self._control(reference, len(samples.generated), seed) if control else None
        return ClassifierTestResult(found, beside, len(reference), len(generated), seed)

    def estimate(self, reference: Array, generated: Array, *, seed: int) -> Estimate:
        """The AUC with each row's influence, to compare two generators that were held against the same reference rows.

        Its interval is of the expected AUC of classifiers that learn from so many rows, over what they learn from as well as over
        what they are asked: wider than that of :meth:`run`, which is of the one that was trained. It costs six further trainings
        with a sixth of the rows each, see :func:`~evalkit.discriminator.learning.learning_variance`. In a difference what
        the shared reference rows taught is counted twice, as if each generator had its own: a little too cautious. Of many
        features and few rows a sixth teaches next to nothing, and the interval is too narrow for the expectation.
        """
        result = self.run(reference, generated, seed=seed, control=False)
        given, found = result.given_the_classifier, result.found
        samples = balanced_samples(*map(np.asarray, (reference, generated)), seed=seed, axes=FAMILIES[self.family].axes)
        rows = (np.asarray(side, dtype=np.float64)[places] for side, places in zip((reference, generated), samples, strict=True))
        learned = learning_variance(
            partial(fitted, self.family), *rows, area=found.auc.value, n_training=found.n_training, seed=seed
        )
        method = f"{given.method}, of the learning from disjoint sixths"
        return replace(given, method=method, further_variance=given.further_variance + learned)

    def estimates(self, reference: Array, generated: Array, *, seed: int) -> Mapping[str, Estimate]:
        """As a metric gives its figures: the AUC as ``"c2st"``."""
        return {"c2st": self.estimate(reference, generated, seed=seed)}

    def _control(self, reference: Array, most: int, seed: int) -> Separation | None:
        order = generator(seed, "control").permutation(len(reference))
        size = min(len(reference) // 2, most)
        if size < FEWEST:
            return None
        pair = Half(np.sort(order[:size]), np.sort(order[size : 2 * size]))
        return self._separation(reference, reference, pair, derive_seed(seed, "control"))

    def _separation(self, reference: Array, generated: Array, samples: Half, seed: int) -> Separation:
        parts = halves(reference[samples.reference], generated[samples.generated], seed=seed)
        training, held_out = (
            Half(samples.reference[part.reference], samples.generated[part.generated])
            for part in (half.balanced(seed, name) for half, name in zip(parts, ("training", "held out"), strict=True))
        )
        if min(len(training.reference), len(held_out.reference)) < 2:
            raise InputError("a classifier test needs more different rows: nearly all rows are copies of a few others")
        classifier = fitted(self.family, reference[training.reference], generated[training.generated], seed=seed)
        real = classifier.realness(reference[held_out.reference])
        drawn = classifier.realness(generated[held_out.generated])
        judged = judge(real, drawn, seed=seed)
        return Separation(self.family, *judged, len(real), len(training.reference), real, drawn, held_out, classifier)


class _Judged(NamedTuple):
    auc: Interval
    accuracy: Interval
    p_value: float
    accuracy_p_value: float


def fitted(family: str, real: Array, generated: Array, *, seed: int) -> FittedClassifier:
    """A classifier that has learned from these rows."""
    rows = np.concatenate([real, generated])
    return FAMILIES[family].load()().fit(rows, np.arange(len(rows)) < len(real), seed=derive_seed(seed, family))


def judge(real: Array, generated: Array, *, seed: int) -> _Judged:
    """Figures of held-out answers: AUC, accuracy at one half, and how often chance does as well.

    A row with an answer of exactly one half counts as called generated.

    Args:
        real: (n,) answers for real rows, 0 … 1.
        generated: (m,) answers for generated rows.
        seed: of the permutations.
    """
    right, n = int((real > 0.5).sum() + (generated <= 0.5).sum()), len(real) + len(generated)
    return _Judged(
        auc_interval(auc(real, generated), len(real), len(generated)),
        proportion_interval(right, n),
        rank_sum_test(real, generated, seed=seed),
        binomial_test(right, n, alternative="greater"),
    )


def _spread(influences: Array, rows: NDArray[np.intp], n: int) -> Array:
    """The influences of some rows as those of all n, whose mean over n varies as much."""
    spread = np.zeros(n)
    spread[rows] = influences * (n / len(rows))
    return spread
