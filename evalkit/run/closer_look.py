"""Look behind a generator's figures: what gives it away, its most and least convincing rows, and rows that it may have copied."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.compare.closer_look import CLASSIFIER, CLUES, COPIES, GALLERY, CloserLook, Clue, CopiedPair, Exhibit, Shown
from evalkit.core.errors import CancelledError, EvalkitError
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.sample import Sample, Series
from evalkit.data.windows import Windows
from evalkit.discriminator.c2st import ClassifierTest
from evalkit.discriminator.gallery import gallery
from evalkit.discriminator.giveaways import Giveaway, find_giveaways
from evalkit.features import Features
from evalkit.features.base import FittedExtractor
from evalkit.features.windows import FittedWindows, stretches
from evalkit.metrics.copied_pairs import copied_pairs
from evalkit.run.showing import shown_rows
from evalkit.statistics.intervals import Interval

N_CLUES, N_EXHIBITS, N_PAIRS = 12, 6, 4
_LEVEL = 0.05
_TOLD, _CONTROL = "generated from real rows", "real from real rows"
_REMEDY = "change what the sentence names and run again"


@dataclass(frozen=True, eq=False)
class Looked:
    """A Sample as it was compared.

    Attributes:
        sample: the rows.
        features: what the figures saw of them.
        numbers: (n,) what each row of the Sample is called in the data that were given.
        extractor: what made the features.
    """

    sample: Sample
    features: Features
    numbers: NDArray[np.intp]
    extractor: FittedExtractor

    @property
    def independent(self) -> bool:
        """Whether each row of features is a row of the Sample by itself."""
        return len(np.unique(self.features.rows)) == len(self.features.rows)

    @cached_property
    def windows(self) -> Windows | None:
        """Of series, as the extractor cut them."""
        if isinstance(self.sample, Series) and isinstance(self.extractor, FittedWindows):
            return self.extractor.encoder.transform(self.sample)
        return None

    def shown(self, places: Sequence[int]) -> list[Shown]:
        """Some rows of the features, to look at."""
        rows = self.features.rows[list(places)]
        of_sample = list(places) if self.windows is not None else rows.tolist()
        return shown_rows(self.sample, of_sample, self.numbers[rows].tolist(), self.windows)


def closer_look(
    name: str, ours: Looked, theirs: Looked, *, everything: Looked | None = None, fitted: Looked | None = None, seed: int
) -> CloserLook:
    """One generator, looked at closely.

    What cannot be had, for example because there are too few rows, is a Failure in the result.

    Args:
        name: the generator's.
        ours: the real rows.
        theirs: the generated ones.
        everything: the real rows that may have been copied, if they are more than those.
        fitted: rows that the generator was fitted to: then copies of these are looked for, and of the others as the control.
        seed: of everything random.
    """
    every = everything or ours
    looks: dict[str, Callable[[], dict[str, Any]]] = {
        CLASSIFIER: lambda: _separations(ours, theirs, seed),
        CLUES: lambda: _clues(ours, theirs, seed),
        GALLERY: lambda: _gallery(ours, theirs, seed),
        COPIES: lambda: _copied(every, theirs) if fitted is None else _copied_of_fitted(fitted, every, theirs),
    }
    found: dict[str, Any] = {}
    failures: list[Failure] = []
    for what, look in looks.items():
        try:
            found |= look()
        except CancelledError:
            raise
        except EvalkitError as error:
            failures.append(Failure(name=what, reason=str(error), remedy=_REMEDY))
    return CloserLook.model_validate({"generator": name, **found, "failures": tuple(failures)})


def _separations(ours: Looked, theirs: Looked, seed: int) -> dict[str, Any]:
    independent = ours.independent and theirs.independent
    result = ClassifierTest().run(ours.features.values, theirs.features.values, seed=seed, control=independent)
    if not independent:
        # Windows of one series lie in both halves of the reference: there is no control, and no interval of rows.
        grouped = result.given_the_classifier.grouped(stretches(ours.features.rows), stretches(theirs.features.rows))
        return {
            "told_apart": _evidence(_TOLD, grouped.interval(), result.found.n, f"{grouped.method} by stretch of a series", seed)
        }
    control = result.control
    beside = None if control is None else _evidence(_CONTROL, control.auc, control.n, result.method, seed)
    return {"told_apart": _evidence(_TOLD, result.found.auc, result.found.n, result.method, seed), "control": beside}


def _evidence(name: str, auc: Interval, n: int, method: str, seed: int) -> Evidence:
    return Evidence(name=name, **auc._asdict(), n=n, method=method, seed=seed)


def _clues(ours: Looked, theirs: Looked, seed: int) -> dict[str, Any]:
    found = find_giveaways(ours.sample, theirs.sample, seed=seed, level=_LEVEL)
    return {"clues": tuple(_clue(each) for each in found if each.p_value <= _LEVEL)[:N_CLUES]}


def _clue(found: Giveaway) -> Clue:
    return Clue(
        what=found.what,
        where=found.column,
        figure=found.figure,
        low=found.low,
        high=found.high,
        reference=found.reference,
        p_value=found.p_value,
        sentence=found.sentence,
    )


def _gallery(ours: Looked, theirs: Looked, seed: int) -> dict[str, Any]:
    seen = gallery(ours.features.values, theirs.features.values, seed=seed)

    def exhibits(places: NDArray[np.intp]) -> tuple[Exhibit, ...]:
        shown = zip(theirs.shown(places.tolist()), seen.generated[places].tolist(), strict=True)
        return tuple(Exhibit(shown=row, realness=realness) for row, realness in shown)

    n = min(N_EXHIBITS, len(seen.generated) // 2)
    return {"least": exhibits(seen.least_convincing(n)), "most": exhibits(seen.most_convincing(n))}


def _copied_of_fitted(fitted: Looked, unseen: Looked, theirs: Looked) -> dict[str, Any]:
    """Beside how many equal a row that the generator never saw."""
    control = copied_pairs(unseen.features.values, theirs.features.values, most=0)
    return _copied(fitted, theirs) | {"n_unseen_copied": control.n_equal}


def _copied(ours: Looked, theirs: Looked) -> dict[str, Any]:
    found = copied_pairs(ours.features.values, theirs.features.values, most=N_PAIRS)
    pairs = zip(
        theirs.shown(found.generated.tolist()),
        ours.shown(found.reference.tolist()),
        found.distances.tolist(),
        found.usual.tolist(),
        strict=True,
    )
    shown = tuple(
        CopiedPair(generated=drawn, reference=real, distance=distance, usual=usual) for drawn, real, distance, usual in pairs
    )
    return {"n_copied": found.n_equal, "n_twins": found.n_twins, "copied": shown}
