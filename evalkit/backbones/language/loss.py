"""What language models are trained for: the next token, in windows drawn at random from all training texts."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evalkit.backbones.language.network import LanguageNetwork
from evalkit.backbones.training import History, Look
from evalkit.core.seeds import derive_seed, generator
from evalkit.data.tokens import END_OF_TEXT, Tokens

_LOOK_TOKENS = 8192
_LOOK_WINDOWS = 64


class NextToken:
    """Mean surprise of the next token, in nats.

    Training texts lie one behind the other with the end of a text between them, and windows begin anywhere.

    Args:
        training: tokens.
        held_out: tokens that training never sees; every look takes the same windows from them, evenly spaced.
        context: tokens a window.
        batch: windows a step.
        seed: of the windows.
        dropout: whether the network drops anything out: then what it drops is keyed by (seed, step), too.
    """

    def __init__(self, training: Tokens, held_out: Tokens, context: int, batch: int, seed: int, *, dropout: bool) -> None:
        self.stream, self.seed, self.batch, self.dropout = _stream(training), seed, batch, dropout
        self.steps = np.arange(min(context, len(self.stream) - 1) + 1)
        judged = _stream(held_out)
        length = min(context, len(judged) - 1)
        n = max(min(_LOOK_TOKENS, len(judged) - 1) // length, 1)
        begins = np.linspace(0, len(judged) - 1 - length, n).astype(np.int64)
        self.judged = torch.from_numpy(judged[begins[:, None] + np.arange(length + 1)].astype(np.int64))

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        """See :class:`~evalkit.backbones.training.Objective`."""
        random = generator(self.seed, "language", "windows", step)
        begins = random.integers(0, len(self.stream) - len(self.steps) + 1, self.batch)
        windows = torch.from_numpy(self.stream[begins[:, None] + self.steps].astype(np.int64)).to(_device(network))
        if not self.dropout:
            return _surprisal(network, windows).mean()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.seed, "language", "dropout", step))
            return _surprisal(network, windows).mean()

    def look(self, network: nn.Module, history: History) -> Look:
        """See :class:`~evalkit.backbones.training.Objective`."""
        with torch.no_grad():
            parts = [_surprisal(network, some).sum() for some in torch.split(self.judged.to(_device(network)), _LOOK_WINDOWS)]
        return Look(float(sum(parts)) / self.judged[:, 1:].numel())


def _surprisal(network: nn.Module, windows: Tensor) -> Tensor:
    if not isinstance(network, LanguageNetwork):
        raise TypeError("the loss of language models needs a language model's network")
    return network.surprisal(windows[:, :-1], windows[:, 1:])


def _stream(tokens: Tokens) -> NDArray[np.int32]:
    return np.concatenate([np.array([END_OF_TEXT], dtype=np.int32), tokens.ids])


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device
