"""Small networks: they learn what can be learned, a seed decides, a row stands for itself, torch's generator is left alone."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from evalkit.metrics.small_networks import Recurrent, answers, both_sides, trained


def network(x, y, seed=0, steps=60, **settings):
    return trained(
        lambda: Recurrent(x.shape[2], 6, 1, **settings),
        x,
        y,
        functional.mse_loss,
        lambda draw: draw.integers(0, len(x), 32),
        steps=steps,
        learning_rate=2e-2,
        seed=seed,
    )


def test_a_whole_window_and_each_step_are_learned():
    x = np.random.default_rng(0).normal(size=(200, 5, 1))
    whole = network(x, x.mean(axis=1), each_step=False)
    assert np.abs(answers(whole, x) - x.mean(axis=1)).mean() < 0.15
    before = np.concatenate([np.zeros((200, 1, 1)), x[:, :-1]], axis=1)
    each = network(x, before, steps=120, each_step=True)
    assert answers(each, x).shape == (200, 5, 1)
    assert np.abs(answers(each, x) - before).mean() < 0.4


def test_a_seed_decides_and_a_row_stands_for_itself():
    x = np.random.default_rng(0).normal(size=(300, 4, 2))
    state = torch.random.get_rng_state()
    first, second, other = (answers(network(x, x[:, 0, :1], seed, 5, each_step=False), x) for seed in (0, 0, 1))
    assert (first == second).all()
    assert (first != other).any()
    assert (torch.random.get_rng_state() == state).all()
    model = network(x, x[:, 0, :1], 0, 5, each_step=False)
    assert answers(model, x[7:8])[0, 0] == pytest.approx(first[7, 0], rel=1e-12)
    assert answers(model, x[:0]).shape == (0, 1)


def test_batches_hold_as_many_of_one_kind_as_of_the_other():
    real = np.arange(100) < 10
    rows = both_sides(real, 32)(np.random.default_rng(0))
    assert real[rows].sum() == (~real[rows]).sum() == 16
