"""What the GAN is trained for: two players, one loss a step."""

import copy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from evalkit.backbones.gan.network import GANNetwork
from evalkit.backbones.gan.stop_rule import FEWEST, Group, accuracy_after_lesson, alarms, energy_distance, reason_to_stop, signs
from evalkit.backbones.training import History, Look
from evalkit.core.seeds import derive_seed, generator
from evalkit.data.encoded import Encoded

_ROWS, _FRESH = 500, 500
# How wide a lesson's noise is, in spreads: only as wide as the rows', it is learned so slowly in mixed tables that all look dead.
_RUIN = 2.0


class Game:
    """Discriminator and generator in one scalar, whose slope is for the weights of each player that player's own.

    On pairs of a real and a drawn row, the discriminator's loss is softplus(D(drawn) - D(real)) plus half the penalty times its
    squared slopes at both; the generator's is softplus(D(real) - D(drawn)). The slope of D at a drawn row is all that the
    generator learns from, and the penalty has found it already: it is handed on as a constant.

    Args:
        network: with its first weights.
        training: rows.
        held_out: rows that the game never sees.
        penalty: gamma; None: the modality's.
        seed: of batches and noise.

    Source: see :class:`~evalkit.backbones.gan.GAN`.
    """

    def __init__(self, network: GANNetwork, training: Encoded, held_out: Encoded, penalty: float | None, seed: int) -> None:
        self.recipe, self.seed = network.recipe, seed
        self.device = next(network.parameters()).device
        # rows become tensors, and tensors rows, on the CPU
        self.source = copy.deepcopy(network).cpu()
        self.penalty = network.recipe.penalty if penalty is None else penalty
        self.training = training
        chosen = generator(seed, "gan", "looked at").permutation(len(training))[:_ROWS]
        unseen = held_out.take(slice(0, _ROWS))
        self.some = self._seen(training.take(chosen), generator(seed, "gan", "looked at training"))
        self.unseen = self._seen(unseen, generator(seed, "gan", "looked at held-out"))
        self.fixed = self._noise(network, generator(seed, "gan", "looked at noise"), _FRESH)

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        """See :class:`~evalkit.backbones.training.Objective`."""
        network = _own(network)
        random = generator(self.seed, "gan", "batch", step)
        size = min(self.recipe.batch, len(self.training))
        real = self._seen(self.training.take(random.integers(0, len(self.training), size)), random)
        drawn = network.generator(self._noise(network, random, size))
        view = network.view(drawn)
        real = self._blurred(network.view(real), random).requires_grad_()
        guise = self._blurred(view.detach(), random).requires_grad_()
        ahead, verdicts = network.discriminator(real), network.discriminator(guise)
        slopes = torch.autograd.grad(ahead.sum() + verdicts.sum(), (real, guise), create_graph=True)
        lead = ahead - verdicts
        penalty = sum((slope * slope).flatten(1).sum(dim=1).mean() for slope in slopes)
        pull = torch.sigmoid(lead).detach().view(-1, *[1] * (view.dim() - 1)) * slopes[1].detach()
        return softplus(-lead).mean() + self.penalty / 2 * penalty + _with_slope(softplus(lead), view, pull)

    def look(self, network: nn.Module, history: History) -> Look:
        """See :class:`~evalkit.backbones.training.Objective`; the held-out loss is the energy distance to a fixed draw."""
        network = _own(network)
        with torch.no_grad():
            fixed = self._drawn(network, self.fixed, generator(self.seed, "gan", "fixed"))
            loss = energy_distance(_places(network, self.unseen), _places(network, fixed))
            if len(self.unseen) < FEWEST:
                return Look(loss)
            figures = self._signs(network, len(history.steps))
        curves = {name: [*history.figures.get(name, []), value] for name, value in figures.items()}
        losses = [*history.held_out, loss]
        wrong = alarms(curves, losses, len(self.unseen), _FRESH)
        return Look(loss, figures, None if wrong else reason_to_stop(curves, losses, len(self.unseen), _FRESH), wrong)

    def _signs(self, network: GANNetwork, number: int) -> dict[str, float]:
        random = generator(self.seed, "gan", "fresh", number)
        drawn = self._drawn(network, self._noise(network, random, _FRESH), random)
        training, unseen, fresh = (_group(network, x) for x in (self.some, self.unseen, drawn))
        real = network.view(self.some)
        alive = accuracy_after_lesson(network.discriminator, real, _broken(real, random))
        return signs(training, unseen, fresh, alive, seed=derive_seed(self.seed, "gan", "probe", number))

    def _drawn(self, network: GANNetwork, noise: Tensor, random: np.random.Generator) -> Tensor:
        """Rows as a user gets them, seen again: what is half-decided inside the generator is decided."""
        return self._seen(self.source.rows_of(network.generator(noise).cpu()), random)

    def _seen(self, rows: Encoded, random: np.random.Generator) -> Tensor:
        return self.source.seen(rows, random).to(self.device)

    def _noise(self, network: GANNetwork, random: np.random.Generator, n: int) -> Tensor:
        return torch.from_numpy(random.standard_normal((n, network.latent_size), dtype=np.float32)).to(self.device)

    def _blurred(self, x: Tensor, random: np.random.Generator) -> Tensor:
        return x + self.recipe.blur * _normal_like(x, random)


def _with_slope(loss: Tensor, drawn: Tensor, pull: Tensor) -> Tensor:
    """The mean of the generator's loss, whose slope at the drawn rows is minus ``pull`` over their number."""
    way = -(drawn * pull).sum() / len(drawn)
    return loss.detach().mean() + way - way.detach()


def _broken(x: Tensor, random: np.random.Generator) -> Tensor:
    """Rows with noise twice as wide as the rows themselves are spread, coordinate by coordinate."""
    return x + _RUIN * x.std(dim=0, correction=0) * _normal_like(x, random)


def _normal_like(x: Tensor, random: np.random.Generator) -> Tensor:
    return torch.from_numpy(random.standard_normal(x.shape, dtype=np.float32)).to(x.device)


def _group(network: GANNetwork, x: Tensor) -> Group:
    return Group(_places(network, x), network.discriminator(network.view(x)).double().cpu().numpy())


def _places(network: GANNetwork, x: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return network.place(x).double().cpu().numpy()


def _own(network: nn.Module) -> GANNetwork:
    if not isinstance(network, GANNetwork):
        raise TypeError("the game needs the GAN's network")
    return network
