"""``evaluate``: hold generators against a reference, figure by figure, and say which is better where that may be concluded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from evalkit.compare.closer_look import CloserLook
from evalkit.compare.evaluation import Comparison, Evaluation, Measured, Source, Verdict, conclude
from evalkit.compare.evaluation_report import evaluation_html
from evalkit.compare.words import count
from evalkit.core.errors import CancelledError, EvalkitError, InputError
from evalkit.core.evidence import Evidence, Failure, Finding
from evalkit.core.files import whole_file
from evalkit.core.progress import Progress, Step, silent
from evalkit.core.sample import Sample, Series
from evalkit.core.seeds import derive_seed, generator
from evalkit.core.version import versions
from evalkit.data import Data, content_hash, load
from evalkit.features import USUAL, Extractor
from evalkit.features.base import FittedExtractor
from evalkit.features.cache import extract
from evalkit.features.onnx_file import OnnxFile
from evalkit.features.windows import stretches
from evalkit.metrics import MetricSpec
from evalkit.run.closer_look import Looked, closer_look
from evalkit.run.measures import extractors_of, metrics_of, usual_metrics
from evalkit.run.size_curves import size_curves
from evalkit.statistics import holm
from evalkit.statistics.influence import Estimate, difference

Rows = NDArray[np.intp]

_LEARNED_FROM, _MOST_LEARNED, _FEWEST = 0.25, 5000, 200
_LEVEL, _POWER = 0.05, 0.8
_NO_CURVES = "No figure is shown over the number of rows: it needs a metric of features, and rows that are independent."
_CHANGE = "change what the sentence names and run again"


@dataclass(frozen=True, eq=False)
class _Given(Looked):
    """A Sample with its features and the hash of its content."""

    @cached_property
    def digest(self) -> str:
        """Hash of the Sample's content; asked for with every figure, computed once."""
        return content_hash(self.sample)


def evaluate(
    reference: Data,
    generated: Mapping[str, Data],
    *,
    metrics: Sequence[str] | None = None,
    extractor: str | Path | Extractor | None = None,
    closer: bool = True,
    curves: bool = False,
    in_order: bool = False,
    cache: Path | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Evaluation:
    """How far is each generator from the reference, and which is better?

    A quarter of the reference, 5,000 rows at most, is set aside for the extractor to learn from; figures are computed on the rest,
    the same rows for every generator, so that generators are compared with what they share taken out. A metric that fails is a
    Failure in its place, and the others go on.

    Args:
        reference: real rows; whatever :func:`evalkit.load` reads.
        generated: each generator's rows by its name, at least one.
        metrics: names of :data:`~evalkit.run.measures.MEASURES`; None: the usual ones for such data.
        extractor: what the figures see: a name of ``EXTRACTORS``, an .onnx file of a network for images
            (:class:`~evalkit.features.OnnxFile`), or an extractor of your own, such as :class:`~evalkit.features.FromCallable`;
            None: the usual one.
        closer: whether to look behind the figures as well: what gives each generator away, its most and least convincing rows,
            and rows that it may have copied.
        curves: whether to show the figures of features over the number of rows, at an eighth, a quarter, a half and all of the
            smaller side; not of series, whose windows are no independent rows.
        in_order: the generators are checkpoints of one, the earliest first: say also where it got worse, and from where on it got
            no better.
        cache: a folder that keeps features from run to run; see :func:`evalkit.features.cache.extract`.
        seed: of the rows set aside and of every draw.
        progress: see :mod:`evalkit.core.progress`.

    Raises:
        InputError: there is nothing to compare, or a name is unknown, or the data cannot be read.

    >>> draw = np.random.default_rng(0)
    >>> real, near, far = draw.normal(size=(400, 2)), draw.normal(size=(300, 2)), draw.normal(1, 1, size=(300, 2))
    >>> evaluation = evaluate(real, {"near": near, "far": far}, metrics=["kid"])
    >>> evaluation.conclusions
    ('near is better than far: by kid.',)
    """
    if not generated:
        raise InputError("there is nothing to compare: give at least one generator as NAME=PATH")
    real = load(reference)
    chosen = _chosen(metrics, real)
    drawn = {name: load(data, schema=real.schema, name=name) for name, data in generated.items()}
    learning, held, cautions = _split(real, seed)
    fitted = _extractor(extractor, real).fit(real.take(learning), seed=derive_seed(seed, "evaluate", "extractor"))
    ours = _given(real.take(held), held, fitted, cache)
    theirs = {}
    for done, (name, sample) in enumerate(drawn.items()):
        progress(Step("computing features", done, len(drawn)))
        theirs[name] = _given(sample, np.arange(len(sample)), fitted, cache)
    measured, estimates = _measure(chosen, ours, theirs, seed, progress)
    comparisons = _compare(list(theirs), estimates)
    asked = [spec for spec in chosen if spec.reads == "features"] if curves and not isinstance(real, Series) else []
    seen = {name: given.features.values for name, given in theirs.items()}
    return Evaluation(
        reference=_source(real.name, ours),
        generators=tuple(_source(name, given) for name, given in theirs.items()),
        measured=tuple(measured),
        comparisons=tuple(comparisons),
        conclusions=conclude(list(theirs), comparisons),
        curves=tuple(size_curves(asked, ours.features.values, seen, seed=seed, progress=progress)),
        looks=tuple(_look_closer(ours, theirs, seed, progress)) if closer else (),
        cautions=(*cautions, *_unequal(theirs), *([_NO_CURVES] if curves and not asked else [])),
        settings={
            "extractor": ours.features.extractor,
            "extractor digest": ours.features.digest,
            "reference rows that only the extractor saw": count(len(real) - len(held)),
        },
        in_order=in_order and len(theirs) > 1,
        seed=seed,
        versions=versions("numpy", "scipy", "scikit-learn"),
    )


def write_evaluation(evaluation: Evaluation, *, out: Path | None = None, report: Path | None = None) -> None:
    """Write all evidence as JSON, and a report as one HTML file; each whole or not at all."""
    check_files(out, report)
    if out is not None:
        with whole_file(out) as temporary:
            temporary.write_text(evaluation.model_dump_json(indent=1), encoding="utf-8")
    if report is not None:
        with whole_file(report) as temporary:
            temporary.write_text(evaluation_html(evaluation), encoding="utf-8")


def check_files(out: Path | None, report: Path | None) -> None:
    """Refuse files that could not be written, before the work rather than after it.

    Raises:
        InputError: a name does not end as it must, or is a folder's.
    """
    for path, what, ending in ((out, "evidence", ".json"), (report, "a report", ".html")):
        if path is not None and (path.suffix.lower() != ending or path.is_dir()):
            raise InputError(f"{path.name} cannot be written: {what} needs a file that ends in {ending}")


def _chosen(metrics: Sequence[str] | None, real: Sample) -> list[MetricSpec]:
    modality = real.schema.modality
    possible = metrics_of(modality)
    if metrics is None:
        return [possible[name] for name in usual_metrics(modality)]
    for name in metrics:
        if name not in possible:
            raise InputError(f"there is no metric {name!r} for {modality}: choose from {', '.join(possible)}")
    return [possible[name] for name in dict.fromkeys(metrics)]


def _extractor(given: str | Path | Extractor | None, real: Sample) -> Extractor:
    modality = real.schema.modality
    if given is not None and not isinstance(given, (str, Path)):
        return given
    chosen = str(given or USUAL[modality])
    if chosen.lower().endswith(".onnx"):
        return OnnxFile(Path(chosen))
    possible = extractors_of(modality)
    if chosen not in possible:
        files = " or an .onnx file" if modality == "images" else ""
        raise InputError(f"there is no extractor {chosen!r} for {modality}: choose from {', '.join(possible)}{files}")
    return possible[chosen].load()()


def _given(sample: Sample, numbers: Rows, extractor: FittedExtractor, cache: Path | None) -> _Given:
    return _Given(sample, extract(extractor, sample, cache), numbers, extractor)


def _split(real: Sample, seed: int) -> tuple[Rows, Rows, list[str]]:
    """Rows that the extractor learns from, rows that figures are computed on, and what to say of it."""
    if len(real) < _FEWEST:
        rows = f"{count(len(real))} {'series' if isinstance(real, Series) else 'reference rows'}"
        said = f"{rows} are too few to set some aside: the features were learned from the rows they are measured on."
        return np.arange(len(real)), np.arange(len(real)), [said]
    order = generator(seed, "evaluate", "set aside").permutation(len(real))
    n_learned = min(int(_LEARNED_FROM * len(real)), _MOST_LEARNED)
    return np.sort(order[:n_learned]), np.sort(order[n_learned:]), []


def _measure(
    chosen: Sequence[MetricSpec], ours: _Given, theirs: Mapping[str, _Given], seed: int, progress: Progress
) -> tuple[list[Measured], dict[tuple[str, str], Estimate]]:
    """All figures, and the estimates behind them by generator and figure."""
    measured: list[Measured] = []
    estimates: dict[tuple[str, str], Estimate] = {}
    for done, (spec, name) in enumerate(every := [(spec, name) for spec in chosen for name in theirs]):
        progress(Step("measuring", done, len(every)))
        try:
            found = _estimates(spec, ours, theirs[name], seed)
        except CancelledError:
            raise
        except EvalkitError as error:
            for figure in spec.figures:
                measured.append(_row(name, spec, Failure(name=figure, reason=str(error), remedy=_CHANGE)))
            continue
        for figure, estimate in found.items():
            estimates[name, figure] = estimate
            measured.append(_row(name, spec, _evidence(figure, estimate, spec, ours, theirs[name], seed)))
    progress(Step("measuring", len(every), len(every)))
    return measured, estimates


def _estimates(spec: MetricSpec, ours: _Given, theirs: _Given, seed: int) -> Mapping[str, Estimate]:
    """The figures; those of windows with one influence an independent stretch."""
    found = _of_rows(spec, ours, theirs, seed)
    if spec.reads == "samples" or not isinstance(ours.sample, Series):
        return found
    groups = stretches(ours.features.rows), stretches(theirs.features.rows)
    return {name: estimate.grouped(*groups) for name, estimate in found.items()}


def _of_rows(spec: MetricSpec, ours: _Given, theirs: _Given, seed: int) -> Mapping[str, Estimate]:
    metric = spec.load()()
    if spec.reads == "samples":
        return metric.estimates(ours.sample, theirs.sample, seed=seed)
    if ours.features.digest != theirs.features.digest:
        raise InputError("features of two extractors cannot be compared: extract both with one")
    return metric.estimates(ours.features.values, theirs.features.values, seed=seed)


def _evidence(figure: str, estimate: Estimate, spec: MetricSpec, ours: _Given, theirs: _Given, seed: int) -> Evidence:
    value, low, high = estimate.interval()
    seen = {"extractor": ours.features.extractor, "extractor digest": ours.features.digest} if spec.reads == "features" else {}
    return Evidence(
        name=figure,
        value=value,
        low=low,
        high=high,
        direction=estimate.direction,
        n=len(estimate.generated),
        method=estimate.method,
        settings={"metric": repr(spec.load()()), "reference rows": len(estimate.reference), **seen},
        seed=seed,
        provenance={"reference": ours.digest, "generated": theirs.digest},
    )


def _row(name: str, spec: MetricSpec, finding: Finding) -> Measured:
    return Measured(generator=name, metric=spec.name, finding=finding)


def _compare(names: Sequence[str], estimates: Mapping[tuple[str, str], Estimate]) -> list[Comparison]:
    """Every pair by every figure that both have and that has a better end; corrected over all of them, since any may conclude."""
    figures = dict.fromkeys(figure for (_, figure), estimate in estimates.items() if estimate.direction != "neither")
    tried = [
        (figure, first, second)
        for figure in figures
        for first, second in combinations(names, 2)
        if (first, figure) in estimates and (second, figure) in estimates
    ]
    found = [difference(estimates[first, figure], estimates[second, figure]) for figure, first, second in tried]
    corrected = holm(np.array([each.p_value for each in found]))
    # So many standard errors are found with this power at the corrected level of the smallest p-value.
    errors = float(norm.isf(_LEVEL / 2 / max(len(tried), 1)) + norm.ppf(_POWER))
    comparisons = []
    for (figure, first, second), each, p_value in zip(tried, found, corrected, strict=True):
        better: Verdict = "not separable"
        if p_value <= _LEVEL:
            better = "first" if (each.value < 0) == (estimates[first, figure].direction == "lower") else "second"
        ends = {"difference": each.value, "low": each.low, "high": each.high, "detectable": errors * each.standard_error}
        comparisons.append(Comparison(figure=figure, first=first, second=second, p_value=float(p_value), better=better, **ends))
    return comparisons


def _look_closer(ours: _Given, theirs: Mapping[str, _Given], seed: int, progress: Progress) -> Iterator[CloserLook]:
    for done, (name, given) in enumerate(theirs.items()):
        progress(Step("looking closer", done, len(theirs)))
        yield closer_look(name, ours, given, seed=derive_seed(seed, "evaluate", "closer look"))
    progress(Step("looking closer", len(theirs), len(theirs)))


def _source(name: str, given: _Given) -> Source:
    return Source(name=name, sha256=given.digest, rows=len(given.features.values))


def _unequal(theirs: Mapping[str, _Given]) -> list[str]:
    sizes = {len(given.features.values) for given in theirs.values()}
    if len(sizes) == 1:
        return []
    return ["The generators gave unequally many rows: figures that depend on the number of rows favour one of them by that alone."]
