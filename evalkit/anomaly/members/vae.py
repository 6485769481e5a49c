"""The variational autoencoder's bound on the likelihood."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.anomaly.members.base import Reference, Training, across_folds
from evalkit.backbones.vae import VAE
from evalkit.core.progress import Step
from evalkit.core.seeds import derive_seed
from evalkit.core.state import ReadState, State
from evalkit.data.rows import Rows

_STEPS = 300


@dataclass(frozen=True, eq=False)
class VAEMember:
    """Minus the VAE's bound on a row's log-likelihood: sees rows that a smooth picture of all columns at once finds unlikely.

    One VAE a fold, fitted on the other folds' rows. A reference row is scored by the one that has not seen it, a new row by the
    mean over all.
    """

    models: tuple[VAE, ...]
    usual: NDArray[np.float64]
    own_folds: NDArray[np.intp] | None = None

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Cross-fit."""
        models = []
        for fold in range(training.n_folds):
            training.progress(Step("fitting the VAE", fold, training.n_folds))
            vae = VAE(steps=round(_STEPS * training.effort), random_state=derive_seed(training.seed, "vae", fold))
            models.append(vae.fit_rows(training.rows.take(training.folds != fold)))
        training.progress(Step("fitting the VAE", training.n_folds, training.n_folds))
        fitted = cls(tuple(models), np.zeros(len(training.rows.columns)), training.folds)
        usual = np.median(fitted._terms(training.rows, own=True), axis=0)
        return cls(tuple(models), usual, training.folds)

    def score(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """Minus the bound, in nats."""
        return across_folds([vae.score_rows for vae in self.models], rows, self.own_folds if own else None)

    def contributions(self, rows: Rows, *, own: bool = False) -> NDArray[np.float64]:
        """By how much each column's part of the bound exceeds the usual."""
        return np.maximum(self._terms(rows, own=own) - self.usual, 0.0)

    def _terms(self, rows: Rows, *, own: bool) -> NDArray[np.float64]:
        return across_folds([vae.terms_rows for vae in self.models], rows, self.own_folds if own else None)

    def to_state(self) -> State:
        """The networks, and the usual terms."""
        return {"models": [vae.to_state() for vae in self.models], "usual": self.usual}

    @classmethod
    def from_state(cls, state: ReadState, reference: Reference) -> Self:
        """The inverse of :meth:`to_state`."""
        return cls(tuple(VAE.from_state(part) for part in state["models"]), state["usual"])
