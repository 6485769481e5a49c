"""Figures of every generator by every metric that was asked for: Evidence, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.compare.evaluation import Measured, Source
from evalkit.core.errors import CancelledError, EvalkitError, InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.progress import Progress, Step
from evalkit.core.sample import Sample, Series
from evalkit.data import content_hash
from evalkit.features.base import FittedExtractor
from evalkit.features.cache import extract
from evalkit.features.windows import stretches
from evalkit.metrics import MetricSpec
from evalkit.run.closer_look import Looked
from evalkit.statistics.influence import Estimate

CHANGE = "change what the sentence names and run again"
FEWEST_SERIES = 20
"""Fitted and held-out series without which nothing is said of copying: windows of one recording resemble each other anyway."""


@dataclass(frozen=True, eq=False)
class Given(Looked):
    """A Sample with its features and the hash of its content.

    Attributes:
        of: what it is a part of; None: it is all that was given.
    """

    of: Given | None = None

    @cached_property
    def digest(self) -> str:
        """Hash of the Sample's content; asked for with every figure, computed once."""
        return content_hash(self.sample)

    def take(self, rows: NDArray[np.intp]) -> Given:
        """Some rows of the Sample, ascending, with what the figures saw of them."""
        kept = np.isin(self.features.rows, rows)
        features = replace(
            self.features, values=self.features.values[kept], rows=np.searchsorted(rows, self.features.rows[kept]).astype(np.int64)
        )
        return Given(self.sample.take(rows), features, self.numbers[rows], self.extractor, self)

    def for_metric(self, spec: MetricSpec) -> Given:
        """The rows that a metric looks at: where it looks for single rows, all that were given."""
        return self.of if spec.whole_reference and self.of is not None else self

    def read_by(self, spec: MetricSpec) -> Any:
        """What a metric reads of it: feature rows or the Sample."""
        return self.features.values if spec.reads_features(self.sample.schema.modality) else self.sample

    def source(self, name: str) -> Source:
        """What the result says of it."""
        return Source(name=name, sha256=self.digest, rows=len(self.features.values))


def given(sample: Sample, extractor: FittedExtractor, cache: Path | None, numbers: NDArray[np.intp] | None = None) -> Given:
    """A Sample with its features.

    Args:
        sample: the rows.
        extractor: what the figures see.
        cache: see :func:`evalkit.features.cache.extract`.
        numbers: what each row is called; None: as they are numbered in the Sample.
    """
    numbers = np.arange(len(sample)) if numbers is None else numbers
    return Given(sample, extract(extractor, sample, cache), numbers, extractor)


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be measured.

    Attributes:
        metrics: by which the generators are held against the real rows.
        ours: real rows; where there are fitted rows, those that the generators never saw.
        theirs: the generators' rows by name.
        fitted: rows that the generators were fitted to, if they are known.
        seed: of every draw.
    """

    metrics: Sequence[MetricSpec]
    ours: Given
    theirs: Mapping[str, Given]
    fitted: Given | None
    seed: int


def measure(asked: Asked, progress: Progress) -> tuple[list[Measured], dict[tuple[str, str], Estimate]]:
    """All figures, and the estimates behind them by generator and figure."""
    measured: list[Measured] = []
    estimates: dict[tuple[str, str], Estimate] = {}
    for done, (spec, name) in enumerate(every := [(spec, name) for spec in asked.metrics for name in asked.theirs]):
        progress(Step("measuring", done, len(every)))
        theirs, beside, real = asked.theirs[name], asked.fitted if spec.needs_fitted else None, asked.ours.for_metric(spec)
        try:
            found = _estimates(spec, real, theirs, beside, asked.seed)
        except CancelledError:
            raise
        except EvalkitError as error:
            for figure in spec.figures:
                measured.append(failed(name, spec, figure, error))
            continue
        for figure, estimate in found.items():
            estimates[name, figure] = estimate
            finding = evidence(figure, estimate, spec, real, theirs, beside, seed=asked.seed)
            measured.append(Measured(generator=name, metric=spec.name, finding=finding))
    if every:
        progress(Step("measuring", len(every), len(every)))
    return measured, estimates


def _estimates(spec: MetricSpec, ours: Given, theirs: Given, fitted: Given | None, seed: int) -> Mapping[str, Estimate]:
    """The figures; those of windows with one influence an independent stretch."""
    held_against = [ours] if fitted is None else [fitted, ours]
    if any(each.features.digest != theirs.features.digest for each in held_against):
        raise InputError("features of two extractors cannot be compared: extract both with one")
    of_windows = spec.reads_features("series") and isinstance(ours.sample, Series)
    if of_windows and fitted is not None and min(len(fitted.sample), len(ours.sample)) < FEWEST_SERIES:
        raise InputError(
            f"{spec.name} needs {FEWEST_SERIES} fitted and {FEWEST_SERIES} reference series, "
            f"got {len(fitted.sample)} and {len(ours.sample)}: give more of them"
        )
    beside = None if fitted is None else fitted.read_by(spec)
    found = spec.estimates(ours.read_by(spec), theirs.read_by(spec), seed=seed, fitted=beside)
    if not of_windows:
        return found
    groups = _one_after_another([stretches(each.features.rows) for each in held_against]), stretches(theirs.features.rows)
    return {name: estimate.grouped(*groups) for name, estimate in found.items()}


def _one_after_another(groups: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Groups of several samples, none of them in two."""
    first = np.cumsum([0, *(one.max(initial=-1) + 1 for one in groups[:-1])])
    return np.concatenate([one + start for one, start in zip(groups, first, strict=True)])


def failed(generator: str, spec: MetricSpec, figure: str, error: EvalkitError) -> Measured:
    """A figure that there is not, and why."""
    return Measured(generator=generator, metric=spec.name, finding=Failure(name=figure, reason=str(error), remedy=CHANGE))


def evidence(
    figure: str, estimate: Estimate, spec: MetricSpec, ours: Given, theirs: Given, fitted: Given | None = None, *, seed: int
) -> Evidence:
    """A figure with its interval and where it came from."""
    value, low, high = estimate.interval()
    sides = {"reference": ours} if fitted is None else {"reference": ours, "fitted": fitted}
    rows = {f"{name} rows": len(side.read_by(spec)) for name, side in sides.items()}
    features = spec.reads_features(ours.sample.schema.modality)
    seen = {"extractor": ours.features.extractor, "extractor digest": ours.features.digest} if features else {}
    return Evidence(
        name=figure,
        value=value,
        low=low,
        high=high,
        direction=estimate.direction,
        n=len(estimate.generated),
        method=estimate.method,
        settings={"metric": repr(spec.load()()), **rows, **seen},
        seed=seed,
        provenance={name: side.digest for name, side in (*sides.items(), ("generated", theirs))},
    )
