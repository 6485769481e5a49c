"""``evaluate``: hold generators against a reference, figure by figure, and say which is better where that may be concluded."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.backbones.base import Backbone
from evalkit.compare.closer_look import CloserLook
from evalkit.compare.evaluation import Evaluation, conclude
from evalkit.compare.evaluation_report import evaluation_html
from evalkit.compare.words import count, visible
from evalkit.core.errors import InputError
from evalkit.core.files import whole_file
from evalkit.core.progress import Progress, Step, silent
from evalkit.core.sample import Sample, Series
from evalkit.core.schema import Modality
from evalkit.core.seeds import derive_seed, generator
from evalkit.core.version import versions
from evalkit.data import Data, content_hash
from evalkit.features import USUAL, Extractor
from evalkit.features.base import FittedExtractor
from evalkit.features.onnx_file import OnnxFile
from evalkit.features.saved import SetAside, check_extractor_folder, load_with_set_aside, save_extractor
from evalkit.run.closer_look import closer_look
from evalkit.run.column_groups import Groups, check_groups, measure_groups
from evalkit.run.comparing import compare
from evalkit.run.equal_rows import said_of_unequal
from evalkit.run.fitted import overlap
from evalkit.run.measures import MEASURES, chosen_metrics, extractors_of
from evalkit.run.measuring import Asked, Given, given
from evalkit.run.oddness import measure_all
from evalkit.run.path_lengths import measure_paths, read_models
from evalkit.run.side_by_side import side_by_side
from evalkit.run.size_curves import size_curves
from evalkit.run.slices import FEWEST_LEARNED, check_slices, measure_slices, slicing

Rows = NDArray[np.intp]

_LEARNED_FROM, _MOST_LEARNED = 0.25, 5000
# Fewer are not split. Texts and images are seen along directions that are learned, in which new rows are unlike those that taught
# them: they are split where they are few, too.
_FEWEST: dict[Modality, int] = {"table": 200, "series": 200, "texts": 8, "images": 8}
# Intervals and p-values of fewer rows are rough.
_FEW = 30
_NO_CURVES = "No figure is shown over the number of rows: it needs a metric of features, and rows that are independent."
_FITTED_BEFORE = "The extractor was fitted before: reference rows that it learned from, if there are any, count into the figures."


def evaluate(
    reference: Data,
    generated: Mapping[str, Data],
    *,
    fitted: Data | None = None,
    modality: Modality | None = None,
    metrics: Sequence[str] | None = None,
    extractor: str | Path | Extractor | FittedExtractor | None = None,
    keep_extractor: Path | None = None,
    closer: bool = True,
    curves: bool = False,
    in_order: bool = False,
    slices: str | None = None,
    column_groups: Groups | None = None,
    models: Mapping[str, str | Path | Backbone] | None = None,
    cache: Path | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Evaluation:
    """How far is each generator from the reference, and which is better?

    A quarter of the reference, 5,000 rows at most, is set aside for the extractor to learn from; figures are computed on the rest,
    the same rows for every generator, so that generators are compared with what they share taken out. Copies are looked for among
    all of it. A metric that fails is a Failure in its place, and the others go on.

    Args:
        reference: real rows; whatever :func:`evalkit.load` reads.
        generated: each generator's rows by its name, at least one.
        fitted: rows that the generators were fitted to. With them it is measured whether generated rows copy or betray these,
            with the reference as the control: so it must be rows that the generators never saw, of the same law.
        modality: what the data are, where it would be guessed wrong; where texts are asked for, each line of a .txt file is one.
        metrics: names of :data:`~evalkit.run.measures.MEASURES`; None: the usual ones for such data.
        extractor: what the figures see: a name of ``EXTRACTORS``, an .onnx file of a network for images
            (:class:`~evalkit.features.OnnxFile`), or an extractor of your own, such as :class:`~evalkit.features.FromCallable`;
            None: the usual one. Or one that is fitted, as it is or as the folder that an earlier run kept it in: then no rows are
            set aside, but for those that it learned from if the folder is used with the same reference again.
        keep_extractor: a folder to save the fitted extractor in; see :func:`evalkit.features.save_extractor`.
        closer: whether to look behind the figures as well: what gives each generator away, its most and least convincing rows,
            the oddest ones with their reasons where the detector is asked, and rows that it may have copied.
        curves: whether to show the figures of features over the number of rows, at an eighth, a quarter, a half and all of the
            smaller side; not of series, whose windows are no independent rows.
        in_order: the generators are checkpoints of one, the earliest first: say also where it got worse, and from where on it got
            no better.
        slices: by what to slice: a column of labels (category or yes/no) of a table, ``"caption"`` of images, or ``"clusters"`` of
            anything: whether as many generated as real rows fall into each slice, and how alike those are.
        column_groups: groups of a table's columns by name, such as ``{"payment": ["amount", "currency"]}``: all figures and pairs
            again on these columns only, seen by ``encoded_table``; corrected (Holm) over all groups together.
        models: of images: fitted models, or their folders, by the names of the generators whose rows they drew; with them it is
            measured how smoothly images move with the noise that they are drawn from (perceptual path length).
        cache: a folder that keeps features from run to run; see :func:`evalkit.features.cache.extract`.
        seed: of the rows set aside and of every draw.
        progress: see :mod:`evalkit.core.progress`.

    Raises:
        InputError: there is nothing to compare, a name is unknown, the data cannot be read, a metric was named that needs fitted
            rows and there are none, every fitted row is in the reference, the data cannot be sliced so, or a group names a column
            that there is not.

    >>> draw = np.random.default_rng(0)
    >>> real, near, far = draw.normal(size=(400, 2)), draw.normal(size=(300, 2)), draw.normal(1, 1, size=(300, 2))
    >>> evaluation = evaluate(real, {"near": near, "far": far}, metrics=["kid"])
    >>> evaluation.conclusions
    ('near is better than far: by kid.',)
    """
    if not generated:
        raise InputError("there is nothing to compare: give at least one generator as NAME=PATH")
    if keep_extractor is not None:
        check_extractor_folder(keep_extractor)
    real, drawn, fitted_rows, said = side_by_side(reference, generated, fitted, modality=modality)
    chosen = [MEASURES[name] for name in chosen_metrics(real.schema.modality, metrics, fitted=fitted is not None)]
    if slices is not None:
        check_slices(slices, (real, *drawn.values()))
    groups = column_groups or {}
    check_groups(groups, real, chosen)
    fits = read_models(models or {}, drawn, real)
    sees, held, cautions = _seeing(extractor, real, seed)
    aside = np.setdiff1d(np.arange(len(real)), held)
    if keep_extractor is not None:
        save_extractor(sees, keep_extractor, SetAside(content_hash(real), aside))
    everything, known = given(real, sees, cache), None
    ours = everything.take(held) if len(aside) else everything
    if fitted_rows is not None:
        cautions += overlap(fitted_rows, real, sees)
        known = given(fitted_rows, sees, cache)
    sliced = None
    learned = aside if len(aside) >= FEWEST_LEARNED else np.arange(len(real))
    if slices is not None:
        sliced = slicing(slices, everything.take(learned), seed=seed)
    theirs = {}
    for done, (name, sample) in enumerate(drawn.items()):
        progress(Step("computing features", done, len(drawn)))
        theirs[name] = given(sample, sees, cache)
    asked = Asked(chosen, ours, theirs, known, seed)
    found = measure_all(asked, progress)
    seen = {name: each.features.values for name, each in theirs.items()}
    (comparisons,) = compare([found.comparable])
    by_columns = measure_groups(groups, asked, real.take(learned), progress)
    by_slice = None
    if sliced is not None:
        by_slice, left_out = measure_slices(sliced, ours, theirs, seed=seed, progress=progress)
        cautions += left_out
    by_size = [spec for spec in chosen if spec.reads == "features" and not spec.needs_fitted]
    curved = by_size if curves and not isinstance(real, Series) else []
    return Evaluation(
        reference=ours.source(real.name),
        generators=tuple(each.source(name) for name, each in theirs.items()),
        fitted=None if known is None else known.source(known.sample.name),
        measured=(*found.measured, *measure_paths(fits, ours, seed=seed, progress=progress)),
        comparisons=tuple(comparisons),
        conclusions=conclude(list(theirs), comparisons),
        curves=tuple(size_curves(curved, ours.features.values, seen, seed=seed, progress=progress)),
        slices=by_slice,
        column_groups=by_columns,
        looks=tuple(_look_closer(asked, found.looks, progress)) if closer else (),
        cautions=(
            *said,
            *cautions,
            *_few(ours, theirs),
            *said_of_unequal(found.comparable),
            *([_NO_CURVES] if curves and not curved else []),
        ),
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


def _seeing(
    given: str | Path | Extractor | FittedExtractor | None, real: Sample, seed: int
) -> tuple[FittedExtractor, Rows, list[str]]:
    """The fitted extractor, the rows that figures are computed on, and what to say of it."""
    extractor = _extractor(given, real.schema.modality)
    if isinstance(extractor, Path):
        fitted, aside = load_with_set_aside(extractor)
        if aside is not None and len(aside.rows) and aside.reference == content_hash(real):
            return fitted, np.setdiff1d(np.arange(len(real)), aside.rows), []
        return fitted, np.arange(len(real)), [_FITTED_BEFORE]
    if isinstance(extractor, FittedExtractor):
        return extractor, np.arange(len(real)), [_FITTED_BEFORE]
    learning, held, cautions = _split(real, seed)
    return extractor.fit(real.take(learning), seed=derive_seed(seed, "evaluate", "extractor")), held, cautions


def _extractor(given: str | Path | Extractor | FittedExtractor | None, modality: Modality) -> Extractor | FittedExtractor | Path:
    """The extractor, or the folder of a saved one."""
    if given is not None and not isinstance(given, (str, Path)):
        return given
    chosen = str(given or USUAL[modality])
    if chosen.lower().endswith(".onnx"):
        return OnnxFile(Path(chosen))
    possible = extractors_of(modality)
    if chosen not in possible and Path(chosen).is_dir():
        return Path(chosen)
    if chosen not in possible:
        files = ", a folder of a saved one" + " or an .onnx file" * (modality == "images")
        raise InputError(f"there is no extractor {chosen!r} for {modality}: choose from {', '.join(possible)}{files}")
    return possible[chosen].load()()


def _split(real: Sample, seed: int) -> tuple[Rows, Rows, list[str]]:
    """Rows that the extractor learns from, rows that figures are computed on, and what to say of it."""
    if len(real) < _FEWEST[real.schema.modality]:
        rows = f"{count(len(real))} {'series' if isinstance(real, Series) else 'reference rows'}"
        said = f"{rows} are too few to set some aside: the features were learned from the rows they are measured on."
        return np.arange(len(real)), np.arange(len(real)), [said]
    order = generator(seed, "evaluate", "set aside").permutation(len(real))
    n_learned = min(int(_LEARNED_FROM * len(real)), _MOST_LEARNED)
    return np.sort(order[:n_learned]), np.sort(order[n_learned:]), []


def _look_closer(asked: Asked, odd: Mapping[str, Mapping[str, Any]], progress: Progress) -> Iterator[CloserLook]:
    own = derive_seed(asked.seed, "evaluate", "closer look")
    for done, (name, each) in enumerate(asked.theirs.items()):
        progress(Step("looking closer", done, len(asked.theirs)))
        look = closer_look(name, asked.ours, each, everything=asked.ours.of, fitted=asked.fitted, seed=own)
        yield look.model_copy(update=odd.get(name, {}))
    progress(Step("looking closer", len(asked.theirs), len(asked.theirs)))


def _few(ours: Given, theirs: Mapping[str, Given]) -> Iterator[str]:
    for name, rows in (("the reference", ours), *((visible(name, 60), each) for name, each in theirs.items())):
        if len(rows.features.values) < _FEW:
            kept = count(len(rows.features.values))
            yield f"Of {name} only {kept} rows are compared: intervals and p-values of fewer than {_FEW} are rough. Draw more."
