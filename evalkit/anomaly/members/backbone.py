"""Generative backbones as members: how little a model of all columns at once expects a row."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from evalkit.anomaly.members.base import Reference, Training, across_folds
from evalkit.backbones import BACKBONES
from evalkit.backbones.base import Backbone
from evalkit.core.progress import Step
from evalkit.core.seeds import derive_seed
from evalkit.core.state import ReadState, State
from evalkit.data.rows import Rows


@dataclass(frozen=True, eq=False)
class BackboneMember:
    """A backbone's own score: sees rows that a smooth picture of all columns at once finds unlikely.

    One backbone a fold, fitted on the other folds' rows. A reference row is scored by the one that has not seen it, a new row by
    the mean over all.

    Attributes:
        family: name in the catalogue of backbones.
        steps: of each fit at an effort of 1.
    """

    models: tuple[Backbone, ...]
    usual: NDArray[np.float64]
    own_folds: NDArray[np.intp] | None = None

    family: ClassVar[str]
    steps: ClassVar[int]

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Cross-fit."""
        models: list[Backbone] = []
        family, stage = BACKBONES[cls.family].load(), f"fitting the {BACKBONES[cls.family].class_name}"
        for fold in range(training.n_folds):
            training.progress(Step(stage, fold, training.n_folds))
            settings = {"steps": round(cls.steps * training.effort), "random_state": derive_seed(training.seed, cls.family, fold)}
            models.append(family().set_params(**settings).fit_rows(training.rows.take(training.folds != fold)))
        training.progress(Step(stage, training.n_folds, training.n_folds))
        fitted = cls(tuple(models), np.zeros(len(training.rows.columns)), training.folds)
        usual = np.median(fitted._terms(training.rows, own=True), axis=0)
        return cls(tuple(models), usual, training.folds)

    def score(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """The backbone's score, higher where it expects the row less."""
        return across_folds([model.score_rows for model in self.models], rows, self.own_folds if own else None)

    def contributions(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """By how much each column's part of the score exceeds the usual."""
        return np.maximum(self._terms(rows, own=own) - self.usual, 0.0)

    def _terms(self, rows: Rows, *, own: bool) -> NDArray[np.float64]:
        return across_folds([model.terms_rows for model in self.models], rows, self.own_folds if own else None)

    def to_state(self) -> State:
        """The models, and the usual terms."""
        return {"models": [model.to_state() for model in self.models], "usual": self.usual}

    @classmethod
    def from_state(cls, state: ReadState, reference: Reference) -> Self:
        """The inverse of :meth:`to_state`."""
        family = BACKBONES[cls.family].load()
        return cls(tuple(family.from_state(part) for part in state["models"]), state["usual"])


class VAEMember(BackboneMember):
    """Minus the bound on a row's log-likelihood."""

    family, steps = "vae", 300


class DiffusionMember(BackboneMember):
    """How badly noise is taken off a row."""

    family, steps = "diffusion", 1000


class GANMember(BackboneMember):
    """What the discriminator makes of a row."""

    family, steps = "gan", 1000


class TransformerMember(BackboneMember):
    """How little each column is foreseen by those before it."""

    family, steps = "transformer_lm", 500
