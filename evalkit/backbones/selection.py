"""Which family suits these rows? Compared on rows that none of them saw, with intervals; and no winner where there is none."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evalkit.backbones import BACKBONES
from evalkit.backbones.base import Backbone
from evalkit.backbones.budget import Budget
from evalkit.backbones.heads.table_space import TableSpace
from evalkit.backbones.stretches import hold_out_stretches
from evalkit.core.errors import CapabilityError, InputError, ModelError
from evalkit.core.evidence import Evidence, Failure, Finding
from evalkit.core.progress import Progress, Step, silent
from evalkit.core.schema import Modality
from evalkit.core.seeds import generator
from evalkit.data.encoded import Encoded, expect
from evalkit.data.pixels import Pixels
from evalkit.data.rows import Rows
from evalkit.data.tokens import Tokens
from evalkit.data.windows import Windows
from evalkit.kernels.neighbours import nearest
from evalkit.statistics.energy import energy_scores
from evalkit.statistics.intervals import Interval, mean_interval

FEWEST_ROWS = 40
_DRAWS, _MOST_JUDGED = 1000, 1000
_FIGURE = "energy score of a held-out row"
_TEXT_FIGURE = "nats a held-out token"


@dataclass(frozen=True)
class Selection:
    """What a comparison of families found.

    Attributes:
        chosen: the family with the lowest figure.
        figures: each family's figure on the held-out rows; or why it has none.
        behind: by how much each other family's figure is higher than the chosen one's on the same rows, with its interval. Of all
            such intervals together 95 % of comparisons miss none (Bonferroni over all pairs of families), since which pairs are
            looked at depends on the rows.
    """

    chosen: str
    figures: Mapping[str, Finding]
    behind: Mapping[str, Interval]

    @property
    def equals(self) -> tuple[str, ...]:
        """Families that cannot be told from the chosen one: the interval of the difference holds 0."""
        return tuple(name for name, difference in self.behind.items() if difference.low <= 0)

    @property
    def conclusion(self) -> str:
        """One sentence: which one, and whether it may be said to be better."""
        worse = [name for name in self.behind if name not in self.equals]
        if not self.behind:
            return f"{self.chosen} was chosen: no other family could be compared."
        if not self.equals:
            return f"{self.chosen} was chosen: it is better than {_listed(worse)} on held-out rows."
        better = f" It is better than {_listed(worse)}." if worse else ""
        return f"{self.chosen} was chosen: no difference from {_listed(self.equals)} can be shown on held-out rows.{better}"


def select(
    rows: Encoded,
    *,
    families: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    random_state: int = 0,
    budget: Budget | None = None,
    progress: Progress = silent,
) -> Selection:
    """Fit every family to four fifths of the rows, and compare them on the others.

    The figure is the energy score: how well a family's draws foretell a row, the same measure for families with and without a
    likelihood; of texts it is the nats a token. Differences are taken row by row. The chosen family's own figure is a little too
    low, since it was chosen for it.

    Args:
        rows: encoded rows, at least 40.
        families: names in the catalogue; by default all that can be fitted to the rows.
        settings: constructor arguments for all of them, for example ``{"steps": 500}``.
        random_state: seed of the split and of every family.
        budget: gives each family its minutes, less what judging takes.
        progress: sees every family's training.

    Raises:
        InputError: too few rows, an unknown family, or one that cannot be fitted to the rows.
        ModelError: no family could be fitted.
    """
    if len(rows) < FEWEST_ROWS:
        raise InputError(f"comparing families needs at least {FEWEST_ROWS} rows, got {len(rows)}: name one family instead")
    names = tuple(families) or tuple(_able(rows.layout.modality))
    training, judged = _split(rows, random_state)
    figures: dict[str, Finding] = {}
    scores: dict[str, NDArray[np.float64]] = {}
    for i, name in enumerate(names, start=1):
        backbone = _backbone(name, rows.layout.modality, {**(settings or {}), "random_state": random_state})
        if budget is not None:
            backbone.set_params(minutes=budget.share())
        try:
            backbone.fit_rows(training, progress=_told(progress, f"family {i} of {len(names)}"))
            scores[name] = _scores(backbone, training, judged, random_state)
            figures[name] = _evidence(scores[name], rows, random_state)
        except (ModelError, InputError, CapabilityError) as error:
            figures[name] = Failure(name=_name(rows), reason=str(error), remedy="choose another family")
    if not scores:
        raise ModelError("no family could be fitted to these rows: look for extreme values or constant columns")
    chosen = min(scores, key=lambda name: float(scores[name].mean()))
    return Selection(chosen, figures, _behind(scores, chosen))


def _behind(scores: Mapping[str, NDArray[np.float64]], chosen: str) -> dict[str, Interval]:
    """The others' scores less the chosen one's; it was chosen by the rows, so any two families might have been the pair."""
    level = 1 - 0.05 / max(math.comb(len(scores), 2), 1)
    return {name: mean_interval(its - scores[chosen], level=level) for name, its in scores.items() if name != chosen}


def _split(rows: Encoded, seed: int) -> tuple[Any, Any]:
    """Four fifths to fit to, and the others; windows that share no step."""
    random, n_judged = generator(seed, "selection"), min(len(rows) // 5, _MOST_JUDGED)
    if isinstance(rows, Windows):
        training, judged = hold_out_stretches(rows, n_judged, random)
        if not len(judged):
            raise InputError("the series are too short to compare families on steps that none of them saw: name one family instead")
        return training, judged
    order = random.permutation(len(rows))
    return rows.take(order[n_judged:]), rows.take(order[:n_judged])


def _able(modality: Modality) -> list[str]:
    return [name for name, spec in BACKBONES.items() if modality in spec.modalities]


def _backbone(name: str, modality: Modality, settings: Mapping[str, Any]) -> Backbone:
    if name not in _able(modality):
        raise InputError(f"{name!r} cannot be compared on {modality}: choose among {', '.join(_able(modality))}")
    make: Callable[..., Backbone] = BACKBONES[name].load()
    return make(**settings)


def _scores(backbone: Backbone, training: Encoded, judged: Encoded, seed: int) -> NDArray[np.float64]:
    """One figure a judged row, lower is better."""
    if isinstance(judged, Tokens):
        return backbone.score_rows(judged) / judged.lengths
    draws = backbone.sample_rows(_DRAWS, seed)
    to_vector = _space(training)
    seen, drawn = to_vector(judged), to_vector(draws)
    return energy_scores(_distances(seen, drawn), _distances(drawn, drawn))


def _space(training: Encoded) -> Callable[[Any], NDArray[np.float64]]:
    """From rows to vectors whose coordinates weigh alike."""
    if isinstance(training, Rows):
        space = TableSpace.fit(training)
        return lambda rows: np.asarray(space.to_vector(torch.tensor(rows.values)).numpy(), dtype=np.float64)
    if isinstance(training, Pixels):
        return lambda rows: np.asarray(rows.values.reshape(len(rows), -1), dtype=np.float64)
    values = expect(training, Windows).values
    center, scale = np.nanmedian(values, axis=(0, 1)), np.nanstd(values, axis=(0, 1))
    usable = np.where(scale > 0, scale, 1.0)
    return lambda rows: np.nan_to_num((rows.values - center) / usable).reshape(len(rows), -1)


def _distances(rows: NDArray[np.float64], draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """All distances, (n, m)."""
    found = nearest(draws, rows, len(draws))
    distances = np.empty(found.distances.shape)
    np.put_along_axis(distances, found.indices, np.sqrt(found.distances), axis=1)
    return distances


def _evidence(scores: NDArray[np.float64], rows: Encoded, seed: int) -> Evidence:
    method = "mean over held-out rows, Student-t 95 % interval"
    interval = mean_interval(scores)
    return Evidence(name=_name(rows), **interval._asdict(), direction="lower", n=len(scores), method=method, seed=seed)


def _name(rows: Encoded) -> str:
    return _TEXT_FIGURE if isinstance(rows, Tokens) else _FIGURE


def _told(progress: Progress, which: str) -> Progress:
    return lambda step: progress(Step(f"{which}: {step.stage}", step.done, step.total, step.figures))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
