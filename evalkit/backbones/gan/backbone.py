"""The GAN as a backbone: fit, score, draw, save."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from evalkit.backbones.base import Array, Backbone, Capability
from evalkit.backbones.gan.game import Game
from evalkit.backbones.gan.images import ImageNetwork
from evalkit.backbones.gan.network import Choices, GANNetwork
from evalkit.backbones.gan.series import SeriesNetwork
from evalkit.backbones.gan.table import TableNetwork
from evalkit.backbones.network import Network
from evalkit.backbones.noise import checked_noise
from evalkit.backbones.search import Range, SearchSpace
from evalkit.backbones.threads import suitable_threads
from evalkit.backbones.training import Schedule
from evalkit.core.errors import InputError
from evalkit.core.evidence import Finding
from evalkit.core.schema import Modality
from evalkit.core.seeds import derive_seed, generator, normal_by_row
from evalkit.data.encoded import Encoded, Layout

NETWORKS: Mapping[Modality, type[GANNetwork]] = {"table": TableNetwork, "images": ImageNetwork, "series": SeriesNetwork}
HELD_OUT = "nats a held-out row under windows around drawn rows"
_CAN: frozenset[Capability] = frozenset(("score", "sample"))


class GAN(Backbone):
    """A generative adversarial network for tables, images and windows of series.

    A generator turns noise into rows; a discriminator looks at pairs of a real and a drawn row and learns which is which; the
    generator learns from the discriminator's slope. The slopes are kept small (zero-centred penalties on real and on drawn
    rows), and the generator that is kept is a moving average of the one that plays. Training ends early by
    :mod:`evalkit.backbones.gan.stop_rule`; ``history_`` has its curves, and ``history_.alarms`` says what went wrong. Where fewer
    than ten rows could be held out, of fewer than a hundred, nothing is judged and the game is played to its last step.

    The score is the surprise at a row under a normal window around each of a fixed set of drawn rows: how far the row lies from
    what the generator draws. It is additive, a term for each column, pixel, or step and
    channel. It misleads where the generator does: rows like
    those that it has forgotten score high, and odd rows like those that it draws by mistake score low. In many columns the
    nearest draws are far from everything, and rows in thin regions score higher than odd rows close to the bulk. Its nats depend
    on the window's width, and compare rows of one model only.

    Args:
        steps: optimiser steps at most; None: as many as the modality's recipe says.
        minutes: instead of steps, how long to train.
        latent_size: width of the noise; None: for images 64, else the number of coordinates, 16 to 64.
        width: of the hidden layers, None: 128; of images, channels at full height and width, None: 16.
        penalty: weight of the squared slopes, gamma; higher: a smoother discriminator and steadier, slower learning; None: the
            modality's.
        device: where to train, for example ``"cuda"``; scoring is on the CPU.
        random_state: seed of everything random.

    Source: Jolicoeur-Martineau, "The relativistic discriminator", ICLR 2019; Huang et al., "The GAN is dead; long live the GAN! A
    modern GAN baseline", NeurIPS 2024.

    >>> from evalkit.data.rows import Feature, Rows
    >>> rows = Rows(np.linspace(-1.0, 1.0, 50)[:, None], (Feature(column="a", name="a", kind="number"),))
    >>> GAN(steps=20).fit_rows(rows).score_rows(rows).shape
    (50,)
    """

    capabilities: ClassVar[Mapping[Modality, frozenset[Capability]]] = dict.fromkeys(NETWORKS, _CAN)
    chunk: ClassVar[int] = 256
    search_space: ClassVar[SearchSpace] = {
        "width": Range(64, 256, logarithmic=True),
        "penalty": Range(0.1, 10.0, logarithmic=True),
    }

    network_: GANNetwork

    def __init__(
        self,
        *,
        steps: int | None = None,
        minutes: float | None = None,
        latent_size: int | None = None,
        width: int | None = None,
        penalty: float | None = None,
        device: str = "cpu",
        random_state: int = 0,
    ) -> None:
        self.steps = steps
        self.minutes = minutes
        self.latent_size = latent_size
        self.width = width
        self.penalty = penalty
        self.device = device
        self.random_state = random_state

    @property
    def noise_size_(self) -> int:
        """How many numbers an image is drawn from."""
        return self.network_.latent_size

    def draws_from(self, noise: ArrayLike) -> Array:
        """See :meth:`~evalkit.backbones.noise.DrawsFromNoise.draws_from`; from one kind of image to the next they jump."""
        given = torch.tensor(checked_noise(noise, self.noise_size_, self.layout_.modality, "GAN"))
        with torch.no_grad(), suitable_threads("images"):
            drawn = self.network_.generator(given).clamp(0.0, 1.0)
            return np.asarray(drawn.movedim(1, 3).numpy(), dtype=np.float64)

    def _limits(self) -> Mapping[str, int]:
        return {"latent_size": 10**4, "width": 10**5}

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.penalty is not None and not 0 < self.penalty < np.inf:
            raise InputError(f"penalty must be above 0, got {self.penalty}: change the setting")

    def _new_network(self, rows: Encoded) -> GANNetwork:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.random_state, "gan", "weights"))
            return NETWORKS[rows.layout.modality].for_rows(rows, Choices(self.latent_size, self.width, self.random_state))

    @classmethod
    def _network_from(cls, layout: Layout, plan: Mapping[str, Any]) -> GANNetwork:
        return NETWORKS[layout.modality].from_plan(layout, plan)

    def _objective(self, network: Network, training: Encoded, held_out: Encoded) -> Game:
        return Game(expect_gan(network), training, held_out, self.penalty, self.random_state)

    def _schedule(self, training: Encoded) -> Schedule:
        recipe = NETWORKS[training.layout.modality].recipe
        steps = self.steps or recipe.steps
        return Schedule(
            steps=steps,
            learning_rate=recipe.learning_rate,
            betas=(0.0, 0.99),
            unaveraged=("discriminator",),
            weight_decay=0.0,
            clip=np.inf,
            ema=recipe.ema,
            evaluate_every=recipe.look_every,
            patience=10**9,
            earliest=steps // 3,
            minutes=self.minutes,
        )

    def _noise(self) -> tuple[Tensor, None]:
        """The fixed noise of the drawn rows that scores compare with."""
        size = (self.network_.recipe.draws, 1, self.network_.latent_size)
        return torch.tensor(generator(self.random_state, "gan", "score").normal(size=size)), None

    def _sample(self, n: int, random_state: int, condition: str | None) -> Encoded:
        noise = normal_by_row(random_state, np.arange(n), self.network_.latent_size, "gan", "sample")
        return self.network_.rows_of(self.network_.generator(torch.tensor(noise)))

    def _judge(self, held_out: Encoded) -> Finding:
        return super()._judge(held_out).model_copy(update={"name": HELD_OUT})


def expect_gan(network: Network) -> GANNetwork:
    """The network, where it must be a GAN's."""
    if not isinstance(network, GANNetwork):
        raise TypeError("the GAN needs its own network")
    return network
