"""Blocks predict each character once, from what stands before it in the block."""

import numpy as np
import torch

from tests.benchmarks.backbone_texts import in_blocks


class _Network:
    """Its surprise is how far back the block begins, and it hands on what it was to predict."""

    def __init__(self):
        self.targets = []

    def surprisal(self, inputs, targets):
        self.targets += targets.flatten().tolist()
        return torch.arange(inputs.shape[1], dtype=torch.float64).expand(inputs.shape)


def test_every_character_behind_the_first_is_predicted_once_up_to_the_last_whole_block():
    network = _Network()
    nats = in_blocks(network, np.arange(100, 112, dtype=np.int32), context=4)
    assert network.targets == [101, 102, 103, 104, 105, 106, 107, 108]
    assert nats.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
