"""Slices: by label, caption or cluster, whether as many generated as real rows fall into each, and how alike those are."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from evalkit.compare.slices import Centre, Slice, Slices
from evalkit.compare.words import count, visible
from evalkit.core.errors import CancelledError, EvalkitError, InputError, ShapeError
from evalkit.core.evidence import Evidence, Failure, Finding
from evalkit.core.progress import Progress, Step
from evalkit.core.sample import Images, Sample, Series, Table
from evalkit.core.seeds import derive_seed
from evalkit.features.windows import stretches
from evalkit.metrics import METRICS
from evalkit.metrics.pairs import checked_pair
from evalkit.run.measures import CAPTION, CLUSTERS
from evalkit.run.measuring import CHANGE, Given
from evalkit.statistics import grouped_share_difference, holm, share_difference
from evalkit.statistics.influence import Difference

Names = NDArray[np.object_]
Flags = NDArray[np.bool_]

FEWEST_ROWS, MOST_SLICES = 20, 40
"""A label with fewer rows on both sides together is left out, and so are labels beyond the most frequent ones."""
_MOST_CLUSTERS, _ROWS_A_CLUSTER = 8, 25
FEWEST_LEARNED = 2 * _ROWS_A_CLUSTER
"""Rows that clusters are learned from at least."""
_NAMED = 3
_FIGURE = METRICS["kid"]


@dataclass(frozen=True, eq=False)
class Slicing:
    """A way to slice.

    Attributes:
        by: the column, ``"caption"`` or ``"clusters"``.
        of: from a Sample and its features to each row's slice, (n,).
        centres: of clusters, what each is about.
    """

    by: str
    of: Callable[[Given], Names]
    centres: tuple[Centre, ...] = ()


def possible_slices(sample: Sample) -> list[str]:
    """By what a Sample can be sliced.

    >>> from evalkit.core.sample import Texts
    >>> possible_slices(Texts.of(["to be"]))
    ['clusters']
    """
    labels: list[str] = []
    if isinstance(sample, Table):
        labels = [column.name for column in sample.schema.columns if column.kind in ("category", "boolean")]
    elif isinstance(sample, Images) and sample.captions is not None:
        labels = [CAPTION]
    return [CLUSTERS, *labels]


def check_slices(asked: str, samples: Iterable[Sample]) -> None:
    """Refuse what some of the data cannot be sliced by, before the work.

    Raises:
        InputError: there is no such column of labels, or images without captions.
    """
    for sample in samples:
        possible = possible_slices(sample)
        if asked not in possible:
            what = "captions" if asked == CAPTION and isinstance(sample, Images) else f"column of labels {visible(asked, 60)!r}"
            offered = ", ".join(visible(name, 60) for name in possible)
            raise InputError(f"{visible(sample.name, 60)} has no {what} to slice by: choose from {offered}")


def slicing(asked: str, learned: Given, *, seed: int) -> Slicing:
    """By a label, or by clusters that are learned from some real rows.

    Args:
        asked: one of :func:`possible_slices`; ``"clusters"``: at most eight by k-means on the features, 25 rows each on average.
        learned: real rows that the figures are not computed on, if there are enough.
        seed: of the clustering.

    Raises:
        InputError: clusters are asked for, and there are fewer than 50 rows, or all are equal or huge.
    """
    if asked != CLUSTERS:
        return Slicing(asked, lambda given: _labels(given.sample, asked))
    rows = _of_sensible_size(learned.features.values)
    distinct = len(np.unique(rows, axis=0))
    n = min(_MOST_CLUSTERS, len(rows) // _ROWS_A_CLUSTER, distinct)
    if n < 2:
        raise InputError(
            f"clusters are learned from {FEWEST_LEARNED} rows or more that are not all equal, "
            f"got {len(rows)}, {distinct} of them different: give more"
        )
    means = KMeans(n, n_init=4, random_state=derive_seed(seed, "slices", CLUSTERS) % 2**32).fit(rows)
    sizes = np.bincount(means.labels_, minlength=n)
    # The largest is the first.
    place = np.empty(n, dtype=np.intp)
    place[np.argsort(-sizes, kind="stable")] = np.arange(n)
    names = np.array([f"cluster {number + 1}" for number in place], dtype=object)
    nearest = means.transform(rows).argmin(axis=0)[np.argsort(place)]
    centres = [Centre(slice=f"cluster {i + 1}", shown=shown) for i, shown in enumerate(learned.shown(nearest.tolist()))]
    return Slicing(CLUSTERS, lambda given: names[means.predict(_of_sensible_size(given.features.values))], tuple(centres))


def measure_slices(
    slicing: Slicing, ours: Given, theirs: Mapping[str, Given], *, seed: int, progress: Progress
) -> tuple[Slices | None, list[str]]:
    """Every slice of every generator, and what to say of labels that are left out, or why there is nothing.

    Args:
        slicing: how.
        ours: real rows.
        theirs: the generators' rows by name.
        seed: of the figure within a slice.
        progress: see :mod:`evalkit.core.progress`.
    """
    try:
        return _measured(slicing, ours, theirs, seed, progress)
    except CancelledError:
        raise
    except EvalkitError as error:
        return None, [f"Slices were not compared: {error}."]


def _measured(
    slicing: Slicing, ours: Given, theirs: Mapping[str, Given], seed: int, progress: Progress
) -> tuple[Slices, list[str]]:
    real, drawn = slicing.of(ours), {name: slicing.of(given) for name, given in theirs.items()}
    kept, cautions = _frequent_enough(slicing.by, real, drawn.values())
    every = [(name, one) for name in theirs for one in kept]
    compared, within = [], []
    for done, (name, one) in enumerate(every):
        progress(Step("comparing slices", done, len(every)))
        sides = (ours, real == one), (theirs[name], drawn[name] == one)
        compared.append(_difference(*sides))
        within.append(_within(*sides, seed))
    if every:
        progress(Step("comparing slices", len(every), len(every)))
    corrected = holm(np.array([each.p_value for each in compared]))
    found = [
        Slice(
            generator=name,
            slice=one,
            real_rows=int((real == one).sum()),
            generated_rows=int((drawn[name] == one).sum()),
            real_share=float((real == one).mean()),
            generated_share=float((drawn[name] == one).mean()),
            low=each.low,
            high=each.high,
            p_value=float(p_value),
            within=finding,
        )
        for (name, one), each, p_value, finding in zip(every, compared, corrected, within, strict=True)
    ]
    centres = tuple(centre for centre in slicing.centres if centre.slice in kept)
    return Slices(by=slicing.by, found=tuple(found), centres=centres), cautions


def _of_sensible_size(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return checked_pair(rows, rows, what="a clustering", fewest=1)[0]


def _labels(sample: Sample, asked: str) -> Names:
    if isinstance(sample, Images):
        return np.array([f"{CAPTION} = {text}" for text in sample.captions or ()], dtype=object)
    if not isinstance(sample, Table):
        raise AssertionError("only tables and images have labels")
    values, kind = sample.frame[asked], {column.name: column.kind for column in sample.schema.columns}[asked]
    words = values.map({0.0: "false", 1.0: "true"}) if kind == "boolean" else values
    present = f"{asked} = " + words.astype(object).where(values.notna(), "").astype(str)
    return np.asarray(present.where(values.notna(), f"{asked} missing"), dtype=object)


def _frequent_enough(by: str, real: Names, drawn: Iterable[Names]) -> tuple[list[str], list[str]]:
    """The slices with enough rows in the reference and some generator together, most frequent first, and what is left out."""
    in_drawn: Counter[str] = Counter()
    for names in drawn:
        in_drawn |= Counter(names.tolist())
    rows = in_drawn + Counter(real.tolist())
    ordered = [name for name, _ in sorted(rows.items(), key=lambda item: (-item[1], item[0]))]
    kept = [name for name in ordered if by == CLUSTERS or rows[name] >= FEWEST_ROWS][:MOST_SLICES]
    left_out = ordered[len(kept) :]
    if not left_out:
        return kept, []
    named = [visible(name, 40) for name in left_out[:_NAMED]]
    more = f" and {count(len(left_out) - _NAMED)} more" if len(left_out) > _NAMED else ""
    are = "1 slice has" if len(left_out) == 1 else f"{count(len(left_out))} slices have"
    return kept, [f"{are} too few rows to say anything of it: {', '.join(named)}{more}."]


def _difference(ours: tuple[Given, Flags], theirs: tuple[Given, Flags]) -> Difference:
    """The generated share less the real one."""
    (real, in_real), (drawn, in_drawn) = ours, theirs
    if isinstance(real.sample, Series):
        groups = stretches(drawn.features.rows), stretches(real.features.rows)
        return grouped_share_difference(in_drawn, groups[0], in_real, groups[1])
    return share_difference(int(in_drawn.sum()), len(in_drawn), int(in_real.sum()), len(in_real))


def _within(ours: tuple[Given, Flags], theirs: tuple[Given, Flags], seed: int) -> Finding:
    sides: Sequence[tuple[Given, Flags]] = (ours, theirs)
    (name,) = _FIGURE.figures
    try:
        fewest = min(int(inside.sum()) for _, inside in sides)
        if fewest < FEWEST_ROWS:
            raise ShapeError(f"{fewest} rows on a side are too few: {FEWEST_ROWS} are needed")
        rows = [given.features.values[inside] for given, inside in sides]
        (estimate,) = _FIGURE.estimates(rows[0], rows[1], seed=seed).values()
        if isinstance(ours[0].sample, Series):
            groups = [stretches(given.features.rows)[inside] for given, inside in sides]
            estimate = estimate.grouped(groups[0], groups[1])
    except CancelledError:
        raise
    except EvalkitError as error:
        return Failure(name=name, reason=str(error), remedy=CHANGE)
    value, low, high = estimate.interval()
    return Evidence(
        name=name,
        value=value,
        low=low,
        high=high,
        direction=estimate.direction,
        n=len(estimate.generated),
        method=f"{estimate.method}, within the slice",
        seed=seed,
    )
