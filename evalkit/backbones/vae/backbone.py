"""The VAE as a backbone: fit, score, draw, reconstruct, save."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from scipy.special import ndtr
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from evalkit.backbones.base import FINDING, Array, Backbone, Capability, check_rows, fingerprint, held_out_finding, readable
from evalkit.backbones.heads import Facts, TableHeads
from evalkit.backbones.threads import one_thread
from evalkit.backbones.training import History, Schedule, arrays_of, put_arrays, train
from evalkit.backbones.vae.loss import BATCH, WARM_UP, Bound
from evalkit.backbones.vae.network import VAENetwork
from evalkit.core.errors import InputError, ModelError
from evalkit.core.progress import Progress, silent
from evalkit.core.seeds import derive_seed, generator, normal_by_row
from evalkit.core.state import State
from evalkit.data.rows import Feature, Rows

_CHUNK = 512
_PASSES = 40
_PSEUDO_ROWS, _ROWS_A_PSEUDO_ROW = 64, 25


class VAE(Backbone):
    """A variational autoencoder for mixed tables.

    Numbers get a Gaussian with a learned sigma in a robust coordinate, counts a logistic cut at whole numbers, two-valued
    features a Bernoulli, categories a softmax; whether a value is missing is modelled beside it. The score is minus the
    importance-weighted bound on a row's log-likelihood with ``draws`` fixed draws.

    The bound falls into a term for each feature and one for the code. The code's cost is shared among the columns in
    proportion to how strongly each moved it (slope times input), so the columns' shares add up to the score exactly. A share
    says where the surprise was booked, not what caused it: of two columns that contradict each other, both carry some.

    Args:
        steps: optimiser steps at most; None: forty passes over the rows, between 1,000 and 5,000 steps. Training ends earlier when
            rows held out no longer gain, on few rows much earlier.
        minutes: instead of steps, how long to train.
        latent_size: width of the code; None: the number of features, at most 8.
        width: width of the hidden layers.
        draws: importance draws for a score, in pairs of opposite noise.
        random_state: seed of everything random.

    >>> features = (Feature(column="a", name="a", kind="number"),)
    >>> rows = Rows(np.linspace(-1.0, 1.0, 50)[:, None], features)
    >>> vae = VAE(steps=20).fit_rows(rows)
    >>> vae.score_rows(rows).shape
    (50,)
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset(("score", "log_prob_bound", "sample", "reconstruct", "interpolate"))

    def __init__(
        self,
        *,
        steps: int | None = None,
        minutes: float | None = None,
        latent_size: int | None = None,
        width: int = 128,
        draws: int = 16,
        random_state: int = 0,
    ) -> None:
        self.steps = steps
        self.minutes = minutes
        self.latent_size = latent_size
        self.width = width
        self.draws = draws
        self.random_state = random_state

    @one_thread()
    def fit_rows(self, rows: Rows, *, progress: Progress = silent, folder: Path | None = None, resume: bool = False) -> Self:
        """See :meth:`Backbone.fit_rows`. On one machine, rows and settings decide the result to the last bit."""
        check_rows(rows)
        self._check_settings()
        network = self._network(rows)
        objective = Bound(network, rows, self.random_state)
        self.history_ = train(
            network,
            objective,
            self._schedule(len(objective.training)),
            stage="fitting the VAE",
            fingerprint=fingerprint(rows, self.get_params()),
            folder=folder,
            resume=resume,
            progress=progress,
        )
        self._keep(network, rows.features)
        self.held_out_ = held_out_finding(self.score_rows(rows.take(objective.held_out_rows)), seed=self.random_state)
        return self

    @one_thread()
    def score_rows(self, rows: Rows) -> Array:
        """See :meth:`Backbone.score_rows`."""
        x = self._prepared(rows)
        with torch.no_grad():
            scores = [self.network_.per_row(chunk, self.noise_).sum(dim=1) for chunk in torch.split(x, _CHUNK)]
        return torch.cat(scores).numpy()

    @one_thread()
    def terms_rows(self, rows: Rows) -> Array:
        """See :meth:`Backbone.terms_rows`."""
        x = self._prepared(rows)
        terms = torch.cat([_shared_terms(self.network_, chunk, self.noise_) for chunk in torch.split(x, _CHUNK)])
        return rows.by_column(terms.numpy())

    def to_state(self) -> State:
        """Settings, features, what the training rows said, weights and the training curve."""
        check_is_fitted(self)
        return {
            "settings": self.get_params(),
            "features": [feature.model_dump(mode="json") for feature in self.features_],
            "facts": self.network_.heads.facts.to_state(),
            "weights": {name: array.astype(np.float32) for name, array in arrays_of(self.network_.state_dict()).items()},
            "history": self.history_.to_state(),
            "held_out": self.held_out_.model_dump(mode="json"),
            "encoder": None if self.encoder_ is None else self.encoder_.to_state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """See :meth:`Backbone.from_state`."""
        with readable("VAE"):
            vae = cls(**state["settings"])
            vae._check_settings()
            features = tuple(Feature.model_validate(feature) for feature in state["features"])
            network = _network_of(Facts.from_state(state["facts"]), len(features), state["weights"])
            vae.history_ = History.from_state(state["history"])
            vae.held_out_ = FINDING.validate_python(state["held_out"])
            vae._keep(network, features)
            vae._restore_encoder(state["encoder"])
        return vae

    def _check_settings(self) -> None:
        for name, most in (("steps", 10**9), ("latent_size", 10**4), ("width", 10**5), ("draws", 10**4)):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= most:
                raise InputError(f"{name} must be between 1 and {most}, got {value}: change the setting")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise InputError(f"minutes must be above 0, got {self.minutes}: change the setting")

    def _network(self, rows: Rows) -> VAENetwork:
        heads = TableHeads(Facts.fit(rows))
        n_pseudo = min(_PSEUDO_ROWS, len(rows) // _ROWS_A_PSEUDO_ROW)
        chosen = generator(self.random_state, "vae", "pseudo-rows").permutation(len(rows))[:n_pseudo]
        pseudo_rows = heads.inputs(heads.prepare(torch.tensor(rows.values[chosen]))).float()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.random_state, "vae", "weights"))
            return VAENetwork(heads, self._latent_size(len(rows.features)), self.width, pseudo_rows)

    def _latent_size(self, n_features: int) -> int:
        return min(n_features, 8) if self.latent_size is None else self.latent_size

    def _schedule(self, n_training: int) -> Schedule:
        passes = min(max(_PASSES * n_training // BATCH, 1000), 5000)
        return Schedule(steps=self.steps or passes, minutes=self.minutes, earliest=WARM_UP)

    def _keep(self, network: VAENetwork, features: tuple[Feature, ...]) -> None:
        """Take a network over for scoring: float64, and the fixed noise of its draws in pairs of opposite sign."""
        for parameter in network.parameters():
            parameter.data = parameter.data.double()
        half = generator(self.random_state, "vae", "score").normal(size=(-(-self.draws // 2), 1, network.latent_size))
        self.noise_ = torch.tensor(np.concatenate([half, -half]))
        self.network_, self.features_, self.encoder_ = network.eval(), features, None

    def _prepared(self, rows: Rows) -> Tensor:
        values = self._values(rows)
        return self.network_.heads.prepare(torch.tensor(values))

    def _code(self, values: Array) -> Tensor:
        heads = self.network_.heads
        return self.network_.encode(heads.inputs(heads.prepare(torch.tensor(values))))[0]

    @torch.no_grad()
    def _sample(self, n: int, random_state: int) -> Array:
        latent, heads = self.network_.latent_size, self.network_.heads
        noise = normal_by_row(random_state, np.arange(n), latent + 1 + 2 * len(self.features_), "vae", "sample")
        uniform = torch.tensor(ndtr(noise[:, latent:]))
        code = self.network_.draw_codes(torch.tensor(noise[:, :latent]), uniform[:, 0])
        return _numpy(heads.draw(self.network_.decode(code), uniform[:, 1:]))

    @torch.no_grad()
    def _reconstruct(self, values: Array) -> Array:
        return _numpy(self.network_.heads.expected(self.network_.decode(self._code(values))))

    @torch.no_grad()
    def _interpolate(self, first: Array, last: Array, steps: int) -> Array:
        start, end = self._code(first), self._code(last)
        way = torch.linspace(0.0, 1.0, steps, dtype=start.dtype)[:, None]
        return _numpy(self.network_.heads.expected(self.network_.decode(start + way * (end - start))))


def _network_of(facts: Facts, n_features: int, weights: Mapping[str, Array]) -> VAENetwork:
    """The network that saved weights belong to. Its sizes are the weights' own: a file cannot ask for more than it holds."""
    heads = TableHeads(facts)
    pseudo_rows, width = weights["pseudo_rows"].shape, len(weights["encoder.enter.bias"])
    outputs = len(weights["decoder.leave.bias"])
    if (len(facts.heads), pseudo_rows[1], outputs) != (n_features, heads.n_inputs, max(heads.n_outputs, 1)):
        raise ModelError("the saved weights do not fit the saved features: take the model from its source again or fit it anew")
    network = VAENetwork(heads, len(weights["encoder.leave.bias"]) // 2, width, torch.zeros(*pseudo_rows))
    put_arrays(network, weights)
    return network


def _numpy(values: Tensor) -> Array:
    return np.asarray(values.numpy(), dtype=np.float64)


def _shared_terms(network: VAENetwork, x: Tensor, noise: Tensor) -> Tensor:
    """Terms a feature, (n, f), with the code's cost shared out by slope times input; evenly where nothing moves it."""
    inputs = network.heads.inputs(x).requires_grad_()
    terms = network.per_row_of_inputs(x, inputs, noise)
    (slope,) = torch.autograd.grad(terms[:, -1].sum(), inputs)
    terms = terms.detach()
    pull = network.heads.by_feature((slope * inputs).abs().detach())
    total = pull.sum(dim=1, keepdim=True)
    share = torch.where(total > 0, pull / total, 1 / pull.shape[1])
    return terms[:, :-1] + share * terms[:, -1:]
