"""The VAE's network for rows of features, which tables and series are."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.special import ndtr

from evalkit.backbones.blocks.perceptron import Perceptron
from evalkit.backbones.heads import Facts, TableHeads
from evalkit.backbones.vae.drawing import SharedValues, joined, loadings_of
from evalkit.backbones.vae.network import Choices, VAENetwork
from evalkit.core.errors import ShapeError
from evalkit.core.seeds import generator
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, Layout

_LOOKED_AT, _COUNTED = 2000, 50_000
_PSEUDO_ROWS, _ROWS_A_PSEUDO_ROW = 64, 25
_LEADING = 2.0**20


class FeatureNetwork(VAENetwork):
    """Perceptrons, and a likelihood head for each kind of feature.

    The prior is a mixture of the encodings of learned pseudo-rows and one standard normal (Tomczak and Welling, "VAE with a
    VampPrior", AISTATS 2018): rows come in several groups, and a single normal would call the space between them likely.

    Args:
        layout: of the rows.
        heads: the features' likelihoods.
        latent_size: width of the code.
        width: width of the hidden layers.
        pseudo_rows: (m, heads.n_inputs) where the pseudo-rows start: some training rows.
    """

    def __init__(self, layout: Layout, heads: TableHeads, latent_size: int, width: int, pseudo_rows: Tensor) -> None:
        super().__init__(layout, latent_size, width)
        if len(heads.facts.heads) != self.period * self.times:
            raise ShapeError(f"the layout has {self.period * self.times} features, and facts are known of {len(heads.facts.heads)}")
        self.heads = heads
        self.encoder = Perceptron(heads.n_inputs, width, 2 * latent_size)
        self.decoder = Perceptron(latent_size, width, max(heads.n_outputs, 1))
        self.pseudo_rows = nn.Parameter(pseudo_rows.clone())
        self.weights = nn.Parameter(torch.zeros(len(pseudo_rows) + 1))
        self.loadings = np.zeros((len(heads.facts.heads), 0))
        self.shared: SharedValues | None = None

    @classmethod
    @abstractmethod
    def facts_of(cls, rows: Any) -> Facts:
        """What the rows say about each feature."""

    @staticmethod
    @abstractmethod
    def flat(rows: Encoded) -> NDArray[np.float64]:
        """Rows as (n, f), NaN = missing."""

    @abstractmethod
    def rows_of(self, flat: NDArray[np.float64]) -> Encoded:
        """The way back from :meth:`flat`."""

    @property
    @abstractmethod
    def period(self) -> int:
        """After how many features the same one comes again, at another step."""

    @property
    @abstractmethod
    def times(self) -> int:
        """How often each comes."""

    @classmethod
    def for_rows(cls, rows: Any, choices: Choices) -> Self:
        """See :class:`VAENetwork`."""
        heads, flat = TableHeads(cls.facts_of(rows)), cls.flat(rows)
        n_pseudo = min(_PSEUDO_ROWS, len(flat) // _ROWS_A_PSEUDO_ROW)
        chosen = generator(choices.seed, "vae", "pseudo-rows").permutation(len(flat))[:n_pseudo]
        pseudo_rows = heads.inputs(heads.prepare(torch.tensor(flat[chosen]))).float()
        latent_size = choices.latent_size or min(flat.shape[1], cls.recipe.latent_size)
        return cls(rows.layout, heads, latent_size, choices.width or cls.recipe.width, pseudo_rows)

    @classmethod
    def from_plan(cls, layout: Layout, plan: Mapping[str, Any]) -> Self:
        """See :class:`VAENetwork`."""
        heads = TableHeads(Facts.from_state(plan["facts"]))
        pseudo_rows = torch.zeros(plan["pseudo_rows"], heads.n_inputs)
        network = cls(layout, heads, plan["latent_size"], plan["width"], pseudo_rows)
        network.loadings = np.asarray(plan["loadings"], dtype=np.float64).reshape(network.loadings.shape[0], -1)
        network.shared = None if plan["shared"] is None else SharedValues.from_state(plan["shared"])
        return network

    def plan(self) -> State:
        """See :class:`~evalkit.backbones.network.Network`."""
        sizes = {"latent_size": self.latent_size, "width": self.width, "pseudo_rows": len(self.pseudo_rows)}
        shared = None if self.shared is None else self.shared.to_state()
        return {"facts": self.heads.facts.to_state(), **sizes, "loadings": self.loadings, "shared": shared}

    def prepare(self, rows: Encoded) -> Tensor:
        """See :meth:`TableHeads.prepare`, (n, f, 3)."""
        return self.heads.prepare(torch.tensor(self.flat(rows)))

    def inputs(self, x: Tensor) -> Tensor:
        """See :meth:`TableHeads.inputs`."""
        return self.heads.inputs(x)

    def surprise(self, x: Tensor, code: Tensor) -> Tensor:
        """One term a feature."""
        return self.heads.terms(x, self.decode(code))

    def by_term(self, x: Tensor, figures: Tensor) -> Tensor:
        """See :meth:`TableHeads.by_feature`."""
        return self.heads.by_feature(figures)

    def decode(self, code: Tensor) -> Tensor:
        """Outputs for the heads, (…, heads.n_outputs)."""
        outputs: Tensor = self.decoder(code)[..., : self.heads.n_outputs]
        return outputs

    def components(self) -> tuple[Tensor, Tensor]:
        """The pseudo-rows' encodings and the standard normal, which comes last."""
        mean, log_sigma = self.encode(self.pseudo_rows)
        normal = mean.new_zeros(1, self.latent_size)
        return torch.cat([mean, normal]), torch.cat([log_sigma, normal])

    def expected(self, code: Tensor) -> Encoded:
        """Medians and likeliest values; nothing is missing."""
        return self.rows_of(self.heads.expected(self.decode(code)).numpy())

    @property
    def n_noise(self) -> int:
        """For the common factors, each value, and whether it is missing."""
        return self.loadings.shape[1] + 2 * len(self.loadings)

    def draw(self, code: Tensor, noise: Tensor) -> Encoded:
        """See :meth:`TableHeads.draw`, with what :meth:`learn_to_draw` found."""
        flat = self._drawn(code, noise)
        # The leading digits decide which values are missing; the others know nothing of it.
        ties = (ndtr(noise[:, -len(self.loadings) :]).numpy() * _LEADING) % 1.0
        if self.shared is not None:
            flat = self.shared.moved(self._pooled(flat), self._pooled(ties)).reshape(flat.shape)
        return self.rows_of(flat)

    def learn_to_draw(self, rows: Any, seed: int) -> None:
        """See :mod:`~evalkit.backbones.vae.drawing`; from 2,000 rows, or as many draws of fewer; shared values from 50,000."""
        random = generator(seed, "vae", "learn to draw")
        order = random.permutation(len(rows))
        x = self.prepare(rows.take(np.resize(order[:_LOOKED_AT], _LOOKED_AT)))
        mean, log_sigma = self.encode(self.inputs(x))
        code = mean + torch.exp(log_sigma) * torch.tensor(random.normal(size=mean.shape))
        self.loadings = loadings_of(self.heads.residuals(x, self.decode(code)).numpy())
        eps, noise = random.normal(size=(_LOOKED_AT, self.latent_size)), random.normal(size=(_LOOKED_AT, self.n_noise))
        prior = self.draw_codes(torch.tensor(eps), torch.tensor(random.random(_LOOKED_AT)))
        drawn, wanted = self._pooled(self._drawn(prior, torch.tensor(noise))), self._pooled(self.flat(rows.take(order[:_COUNTED])))
        numeric = [i for i, head in enumerate(self.heads.facts.heads[: self.period]) if head in ("number", "count")]
        self.shared = SharedValues.fit(drawn, wanted, numeric)

    def _drawn(self, code: Tensor, noise: Tensor) -> NDArray[np.float64]:
        values, missing = noise[:, : -len(self.loadings)], noise[:, -len(self.loadings) :]
        together = torch.cat([joined(values, torch.tensor(self.loadings)), missing], dim=1)
        return np.asarray(self.heads.draw(self.decode(code), ndtr(together)).numpy(), dtype=np.float64)

    def _pooled(self, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Steps below each other, (n * steps, period): what is true of a feature's values is true of them all."""
        return flat.reshape(-1, self.period)
