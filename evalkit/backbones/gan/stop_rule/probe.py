"""A small classifier that has never seen the game: can it tell drawn rows from real ones?"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from evalkit.backbones.blocks.perceptron import Perceptron
from evalkit.core.seeds import derive_seed
from evalkit.statistics import auc

_ROWS, _STEPS, _WIDTH = 500, 150, 32

Places = NDArray[np.float64]


def probe_accuracy(real: tuple[Places, Places], drawn: tuple[Places, Places], seed: int) -> float:
    """The share of pairs in which a freshly trained classifier finds the real row more real than the drawn one.

    0.5: it cannot tell. It is trained on the first part of each and judged on the second, so that rows that were copied from the
    first part, or learned by heart by the classifier, gain nothing. A small classifier misses what a large one would find.

    Args:
        real: (m, d) training rows and (k, d) held-out rows in the space in which rows are compared.
        drawn: two such sets of drawn rows, independent of each other.
        seed: of the classifier's first weights.
    """
    rows = np.concatenate([real[0][:_ROWS], drawn[0][:_ROWS]])
    center, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    labels = torch.cat([torch.ones(len(real[0][:_ROWS])), torch.zeros(len(drawn[0][:_ROWS]))])
    classifier = _trained(_scaled(rows, center, spread), labels, seed)
    with torch.no_grad():
        verdicts = [classifier(_scaled(part, center, spread))[:, 0].double().numpy() for part in (real[1], drawn[1])]
    return auc(*verdicts)


def _trained(rows: Tensor, labels: Tensor, seed: int) -> Perceptron:
    """The classifier after some steps over all rows; the smaller class weighs as much as the larger."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "probe"))
        classifier = Perceptron(rows.shape[1], _WIDTH, 1)
    share = labels.mean()
    weight = torch.where(labels > 0, 1 - share, share)
    optimiser = torch.optim.AdamW(classifier.parameters(), lr=5e-3, weight_decay=0.05)
    with torch.enable_grad():
        for _ in range(_STEPS):
            optimiser.zero_grad()
            binary_cross_entropy_with_logits(classifier(rows)[:, 0], labels, weight=weight).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return classifier


def _scaled(rows: Places, center: Places, spread: Places) -> Tensor:
    return torch.tensor((rows - center) / spread, dtype=torch.float32)
