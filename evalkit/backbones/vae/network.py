"""What the VAEs of all modalities share: encoder, prior, the bound and its terms; ``per_row`` is loss, score and explanation."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from evalkit.backbones.heads.pixels import PixelLikelihood
from evalkit.backbones.network import Network
from evalkit.core.seeds import generator
from evalkit.data.encoded import Encoded, Layout

_LOG_TWO_PI = math.log(2 * math.pi)
_WEIGHED, _ROUNDS, _FAINTEST = 2000, 50, -12.0


@dataclass(frozen=True)
class Recipe:
    """How the VAE of a modality is built and trained where its settings say nothing.

    Attributes:
        latent_size: width of the code; for tables and series at most the number of features.
        width: of the hidden layers; of images, channels at half the height and width.
        draws: importance draws for a score.
        batch: rows a step.
        passes: over the training rows, within ``fewest`` and ``most`` steps.
        learning_rate: see :class:`~evalkit.backbones.training.Schedule`.
        free_nats: what a dimension of the code may cost for nothing while training.
        look_draws: importance draws at a look at the held-out loss.
        look_every: steps between two looks.
    """

    latent_size: int = 8
    width: int = 128
    draws: int = 16
    batch: int = 256
    passes: int = 40
    fewest: int = 1000
    most: int = 5000
    learning_rate: float = 3e-3
    free_nats: float = 0.05
    look_draws: int = 8
    look_every: int = 50


@dataclass(frozen=True)
class Choices:
    """What the settings say about a new network.

    Attributes:
        latent_size: width of the code; None: the modality's usual one.
        width: of the hidden layers; None likewise.
        likelihood: of a pixel.
        seed: of whatever is chosen at random; of the weights, torch's generator is seeded by the caller.
    """

    latent_size: int | None
    width: int | None
    likelihood: PixelLikelihood
    seed: int


class VAENetwork(Network):
    """A latent code for each row, a mixture as the prior over codes, and the likelihood of the row given its code.

    A modality adds its ``encoder`` (inputs to twice the code's width), its decoder, and the likelihood.

    Attributes:
        layout: of the rows.
        latent_size: width of the code.
        width: of the hidden layers.
        weights: of the prior's components, as logits.
    """

    recipe: ClassVar[Recipe] = Recipe()

    encoder: nn.Module
    weights: Tensor

    def __init__(self, layout: Layout, latent_size: int, width: int) -> None:
        super().__init__()
        self.layout, self.latent_size, self.width = layout, latent_size, width

    @classmethod
    @abstractmethod
    def for_rows(cls, rows: Any, choices: Choices) -> Self:
        """A network for these rows with its first weights."""

    @classmethod
    @abstractmethod
    def from_plan(cls, layout: Any, plan: Mapping[str, Any]) -> Self:
        """The network that :meth:`plan` tells of, with any weights."""

    def examples(self, rows: Encoded) -> Tensor:
        """What to train on, prepared."""
        return self.prepare(rows)

    def codes(self, x: Tensor) -> Tensor:
        """Mean codes of prepared rows, (n, latent)."""
        return self.encode(self.inputs(x))[0]

    @property
    def chunk(self) -> int:
        """Rows that are scored at once."""
        return 512

    @abstractmethod
    def inputs(self, x: Tensor) -> Tensor:
        """Prepared rows as the encoder sees them."""

    @abstractmethod
    def surprise(self, x: Tensor, code: Tensor) -> Tensor:
        """Minus the log-likelihood of each term in nats, (draws, n, terms), for codes (draws, n, latent)."""

    @abstractmethod
    def by_term(self, x: Tensor, figures: Tensor) -> Tensor:
        """Figures shaped as :meth:`inputs` added up into figures a term, (n, terms)."""

    @abstractmethod
    def components(self) -> tuple[Tensor, Tensor]:
        """Mean and log-sigma of the prior's components, (components, latent) each."""

    @abstractmethod
    def expected(self, code: Tensor) -> Encoded:
        """The most typical rows for codes (n, latent)."""

    @abstractmethod
    def draw(self, code: Tensor, noise: Tensor) -> Encoded:
        """Random rows for codes (n, latent) and standard normal noise (n, n_noise)."""

    def in_place_of(self, rows: Encoded, made: Encoded) -> Encoded:
        """What was made of given rows, with whatever else is known of these."""
        return made

    @property
    def n_noise(self) -> int:
        """How many random numbers a drawn row takes besides its code."""
        return 0

    def learn_to_draw(self, rows: Any, seed: int) -> None:
        """Look, once trained, at what drawing needs and the bound does not teach."""

    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """Each row's terms in nats; their sum is minus the importance-weighted bound on its log-likelihood.

        Args:
            x: prepared rows.
            eps: standard normal noise, (draws, n, latent) or (draws, 1, latent) for the same noise in every row.
            t: unused; other families' noise level.

        Returns:
            (n, terms + 1): the likelihood's terms, averaged over the draws with their importance weights, and last what the code
            itself costs (its divergence from the prior, and the weights' own).

        Source: Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016, split into terms.
        """
        return self.per_row_of_inputs(x, self.inputs(x), eps)

    def per_row_of_inputs(self, x: Tensor, inputs: Tensor, eps: Tensor) -> Tensor:
        """:meth:`per_row` with the encoder's inputs given apart, so that a term's slope along each of them can be had."""
        mean, log_sigma = self.encode(inputs)
        code = mean + torch.exp(log_sigma) * eps
        surprise = self.surprise(x, code)
        density = -(0.5 * eps * eps + log_sigma + 0.5 * _LOG_TWO_PI).sum(dim=-1)
        cost = density - self.log_prior(code)
        terms = torch.cat([surprise, cost.unsqueeze(-1)], dim=-1)
        return terms[0] if len(eps) == 1 else _importance_weighted(terms)

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-sigma of the code, (n, latent) each."""
        mean, log_sigma = self.encoder(inputs).chunk(2, dim=-1)
        return mean, log_sigma.clamp(-4.5, 1.5)

    def log_prior(self, code: Tensor) -> Tensor:
        """Log-density of codes, (…, latent) to (…)."""
        return torch.logsumexp(log_softmax(self.weights, dim=0) + self._log_densities(code), dim=-1)

    def weigh_components(self, rows: Any, seed: int) -> None:
        """Let the prior's components meet these rows' codes anew, by expectation maximisation.

        Steps of a gradient would take thousands to get there: a rare component becomes a common one by many logits' worth.
        """
        random = generator(seed, "vae", "weigh components")
        some = rows.take(random.permutation(len(rows))[:_WEIGHED])
        mean, log_sigma = self.encode(self.inputs(self.prepare(some).to(self.weights)))
        code = mean + torch.exp(log_sigma) * torch.tensor(random.normal(size=mean.shape)).to(mean)
        for _ in range(_ROUNDS):
            belongs = torch.softmax(log_softmax(self.weights, dim=0) + self._log_densities(code), dim=1)
            self.weights.copy_(belongs.mean(dim=0).log().clamp(min=_FAINTEST))
            self.move_components(code, belongs)

    def move_components(self, code: Tensor, belongs: Tensor) -> None:
        """Move the prior's components to the codes that belong to them, (n, components); by default they stay."""

    def _log_densities(self, code: Tensor) -> Tensor:
        """Of codes under each of the prior's components, (…, latent) to (…, components)."""
        mean, log_sigma = self.components()
        if torch.is_autocast_enabled(code.device.type):
            # Taken apart as below the square would be a difference of large products in bfloat16.
            away = (code.unsqueeze(-2) - mean) * torch.exp(-log_sigma)
            return -(0.5 * away * away + log_sigma + 0.5 * _LOG_TWO_PI).sum(dim=-1)
        precision = torch.exp(-2 * log_sigma)
        own = (mean * mean * precision + 2 * log_sigma + _LOG_TWO_PI).sum(dim=-1)
        return -0.5 * ((code * code) @ precision.T - 2 * code @ (mean * precision).T + own)

    def draw_codes(self, eps: Tensor, uniform: Tensor) -> Tensor:
        """Codes from the prior, (n, latent), for normal noise (n, latent) and uniform numbers (n,)."""
        mean, log_sigma = self.components()
        below = torch.cumsum(torch.softmax(self.weights, dim=0), dim=0)[:-1]
        which = (uniform[:, None] > below).sum(dim=1)
        return mean[which] + torch.exp(log_sigma[which]) * eps

    def shared_terms(self, x: Tensor, eps: Tensor) -> Tensor:
        """Terms with the code's cost shared among them by slope times input, (n, terms); evenly where nothing moves it."""
        inputs = self.inputs(x).requires_grad_()
        terms = self.per_row_of_inputs(x, inputs, eps)
        (slope,) = torch.autograd.grad(terms[:, -1].sum(), inputs)
        terms = terms.detach()
        pull = self.by_term(x, (slope * inputs).abs().detach())
        total = pull.sum(dim=1, keepdim=True)
        share = torch.where(total > 0, pull / total, 1 / pull.shape[1])
        return terms[:, :-1] + share * terms[:, -1:]


def _importance_weighted(terms: Tensor) -> Tensor:
    """Terms of several draws, (draws, n, terms), as terms of their joint bound, (n, terms)."""
    log_weight = log_softmax(-terms.sum(dim=-1), dim=0)
    weight = torch.exp(log_weight)
    spent = (weight * (log_weight + math.log(len(terms)))).sum(dim=0)
    total = (weight.unsqueeze(-1) * terms).sum(dim=0)
    return torch.cat([total[:, :-1], total[:, -1:] + spent.unsqueeze(-1)], dim=-1)
