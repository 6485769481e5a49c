"""The VAE as a backbone: fit, score, draw, reconstruct, save."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.special import ndtr

from evalkit.backbones.base import Array, Backbone, Capability
from evalkit.backbones.heads.pixels import PIXEL_HEADS, PixelLikelihood
from evalkit.backbones.network import Network
from evalkit.backbones.noise import checked_noise
from evalkit.backbones.search import Range, SearchSpace
from evalkit.backbones.threads import suitable_threads
from evalkit.backbones.training import Schedule
from evalkit.backbones.vae.formats import with_layout
from evalkit.backbones.vae.images import ImageNetwork
from evalkit.backbones.vae.loss import WARM_UP, Bound
from evalkit.backbones.vae.network import Choices, VAENetwork
from evalkit.backbones.vae.series import SeriesNetwork
from evalkit.backbones.vae.table import TableNetwork
from evalkit.backbones.vae.texts import PADDING, TextNetwork
from evalkit.core.errors import InputError
from evalkit.core.schema import Modality
from evalkit.core.seeds import derive_seed, generator, normal_by_row
from evalkit.data.encoded import Encoded, Layout
from evalkit.data.tokens import Tokens

NETWORKS: Mapping[Modality, type[VAENetwork]] = {
    "table": TableNetwork,
    "images": ImageNetwork,
    "series": SeriesNetwork,
    "texts": TextNetwork,
}
_EVERYTHING: frozenset[Capability] = frozenset(("score", "log_prob_bound", "sample", "reconstruct", "interpolate"))


class VAE(Backbone):
    """A variational autoencoder for tables, images, series and texts.

    Of a table, numbers get a Gaussian with a learned sigma in a robust coordinate, counts a logistic cut at whole numbers,
    two-valued features a Bernoulli, categories a softmax; whether a value is missing is modelled beside it. Each step and channel
    of a window is such a feature. Of an image, each pixel gets a logistic variable cut into 256 levels. Of a text, each token is
    predicted from the code and the sixteen tokens before it; a text of more than 256 tokens is several pieces, each with a code.
    The score is minus the importance-weighted bound on a row's log-likelihood with ``draws`` fixed draws.

    The bound falls into a term for each feature, pixel or token and one for the code. The code's cost is shared among them in
    proportion to how strongly each moved it (slope times input), so that the shares add up to the score exactly. A share
    says where the surprise was booked, not what caused it: of two columns that contradict each other, both carry some.

    Drawn images show the likeliest pixels of a drawn code, without what pixels do independently of each other. Drawn texts read
    like the texts over a few words; for sense over sentences take a language model.

    Args:
        steps: optimiser steps at most; None: about forty passes over the rows, within limits: tables and series 1,000 to 5,000
            steps of 256 rows, images 500 to 3,000 of 64, texts as many of 32. Training ends earlier when rows held out no
            longer gain, on few rows much earlier.
        minutes: instead of steps, how long to train.
        latent_size: width of the code; None: 32 for images, 16 for texts and series, 8 for tables; of tables and series at most
            the number of features.
        width: of hidden layers, None: 128; channels of an image at half its height and width, None: 32.
        draws: importance draws for a score, in pairs of opposite noise; None: 16 for tables and series, 4 for images and texts.
        likelihood: of a pixel, see :mod:`evalkit.backbones.heads.pixels`; ``"bernoulli"`` is for images of two levels.
        device: where to train, for example ``"cuda"``; scoring is on the CPU.
        random_state: seed of everything random.

    >>> from evalkit.data.rows import Feature, Rows
    >>> features = (Feature(column="a", name="a", kind="number"),)
    >>> rows = Rows(np.linspace(-1.0, 1.0, 50)[:, None], features)
    >>> vae = VAE(steps=20).fit_rows(rows)
    >>> vae.score_rows(rows).shape
    (50,)
    """

    capabilities: ClassVar[Mapping[Modality, frozenset[Capability]]] = dict.fromkeys(NETWORKS, _EVERYTHING)
    search_space: ClassVar[SearchSpace] = {
        "latent_size": Range(2, 32, logarithmic=True),
        "width": Range(32, 256, logarithmic=True),
    }

    network_: VAENetwork

    def __init__(
        self,
        *,
        steps: int | None = None,
        minutes: float | None = None,
        latent_size: int | None = None,
        width: int | None = None,
        draws: int | None = None,
        likelihood: PixelLikelihood = "logistic",
        device: str = "cpu",
        random_state: int = 0,
    ) -> None:
        self.steps = steps
        self.minutes = minutes
        self.latent_size = latent_size
        self.width = width
        self.draws = draws
        self.likelihood = likelihood
        self.device = device
        self.random_state = random_state

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """See :meth:`Backbone.from_state`; also reads models of the first version."""
        return super().from_state(with_layout(state))

    def latent(self, data: Any) -> Array:
        """Where each row lies on the model's map, (n, latent_size): the mean of its code."""
        return self.latent_rows(self._rows(data))

    def latent_rows(self, rows: Encoded) -> Array:
        """:meth:`latent` for encoded rows."""
        with torch.no_grad(), suitable_threads(rows.layout.modality):
            return np.asarray(self._code(rows).numpy(), dtype=np.float64)

    @property
    def noise_size_(self) -> int:
        """How many numbers an image is drawn from: its code, and which of the prior's components it is of."""
        return self.network_.latent_size + 1

    def draws_from(self, noise: ArrayLike) -> Array:
        """See :meth:`~evalkit.backbones.noise.DrawsFromNoise.draws_from`; at the border of two components images jump."""
        network = self.network_
        given = torch.tensor(checked_noise(noise, self.noise_size_, self.layout_.modality, "VAE"))
        if not isinstance(network, ImageNetwork):
            raise TypeError("images need their own network")
        with torch.no_grad(), suitable_threads("images"):
            code = network.draw_codes(given[:, :-1], ndtr(given[:, -1]))
            return np.asarray(network.smooth(code).movedim(1, 3).numpy(), dtype=np.float64)

    def terms_rows(self, rows: Encoded) -> Array:
        """See :meth:`Backbone.terms_rows`; of texts NaN beyond their end."""
        if not isinstance(rows, Tokens):
            return super().terms_rows(rows)
        there = np.arange(int(rows.lengths.max(initial=1))) < rows.lengths[:, None]
        terms = np.full(there.shape, np.nan)
        with suitable_threads("texts"):
            terms[there] = np.concatenate([self._terms(x)[x.flatten(1) != PADDING].numpy() for x in self._chunks(rows)])
        return terms

    def _limits(self) -> Mapping[str, int]:
        return {"latent_size": 10**4, "width": 10**5, "draws": 10**4}

    def _check_settings(self) -> None:
        super()._check_settings()
        if not isinstance(self.likelihood, str) or self.likelihood not in PIXEL_HEADS:
            raise InputError(f"likelihood must be one of {', '.join(PIXEL_HEADS)}, got {self.likelihood!r}: change the setting")

    def _new_network(self, rows: Encoded) -> VAENetwork:
        choices = Choices(self.latent_size, self.width, self.likelihood, self.random_state)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.random_state, "vae", "weights"))
            return NETWORKS[rows.layout.modality].for_rows(rows, choices)

    @classmethod
    def _network_from(cls, layout: Layout, plan: Mapping[str, Any]) -> VAENetwork:
        return NETWORKS[layout.modality].from_plan(layout, plan)

    def _objective(self, network: Network, training: Encoded, held_out: Encoded) -> Bound:
        device = next(network.parameters()).device
        bound = Bound(_vae(network.cpu()), training, held_out, self.random_state)
        network.to(device)
        return bound

    def _meet_liked(self, network: Network, training: Encoded) -> None:
        """See :meth:`VAENetwork.weigh_components`."""
        _vae(network).weigh_components(training, self.random_state)

    def _schedule(self, training: Encoded) -> Schedule:
        recipe = NETWORKS[training.layout.modality].recipe
        passes = min(max(recipe.passes * len(training) // recipe.batch, recipe.fewest), recipe.most)
        return Schedule(
            steps=self.steps or passes,
            learning_rate=recipe.learning_rate,
            evaluate_every=recipe.look_every,
            minutes=self.minutes,
            earliest=WARM_UP,
        )

    def _learn_more(self, training: Encoded, held_out: Encoded) -> None:
        """See :meth:`VAENetwork.learn_to_draw`."""
        self.network_.learn_to_draw(training, self.random_state)

    def _noise(self) -> tuple[Tensor, None]:
        """The fixed noise of the draws, in pairs of opposite sign."""
        pairs = -(-(self.draws or self.network_.recipe.draws) // 2)
        half = generator(self.random_state, "vae", "score").normal(size=(pairs, 1, self.network_.latent_size))
        return torch.tensor(np.concatenate([half, -half])), None

    def _chunks(self, rows: Encoded) -> Iterator[Tensor]:
        """As many rows at once as the modality's network takes."""
        self._check_layout(rows)
        at_once = self.network_.chunk
        for start in range(0, max(len(rows), 1), at_once):
            yield self.network_.prepare(rows.take(slice(start, start + at_once)))

    def _terms(self, x: Tensor) -> Tensor:
        return self.network_.shared_terms(x, self._noise()[0])

    def _sample(self, n: int, random_state: int, condition: str | None) -> Encoded:
        network = self.network_
        latent = network.latent_size
        noise = torch.tensor(normal_by_row(random_state, np.arange(n), latent + 1 + network.n_noise, "vae", "sample"))
        code = network.draw_codes(noise[:, :latent], ndtr(noise[:, latent]))
        return network.draw(code, noise[:, latent + 1 :])

    def _reconstruct(self, rows: Encoded) -> Encoded:
        return self.network_.in_place_of(rows, self.network_.expected(self._code(rows)))

    def _interpolate(self, first: Encoded, last: Encoded, steps: int) -> Encoded:
        start, end = self._code(first), self._code(last)
        way = torch.linspace(0.0, 1.0, steps, dtype=start.dtype)[:, None]
        return self.network_.expected(start + way * (end - start))

    def _code(self, rows: Encoded) -> Tensor:
        return torch.cat([self.network_.codes(x) for x in self._chunks(rows)])


def _vae(network: Network) -> VAENetwork:
    if not isinstance(network, VAENetwork):
        raise TypeError("the VAE needs its own network")
    return network
