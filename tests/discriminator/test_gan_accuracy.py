"""A GAN's own discriminator: signs, and beside it a fresh classifier."""

import pytest

from evalkit.backbones.gan import GAN
from evalkit.core.errors import InputError, ShapeError
from evalkit.discriminator.gan_accuracy import gan_accuracy
from tests.backbones.gan.provoked import plain, rings


@pytest.fixture(scope="module")
def model():
    return GAN(steps=40).fit_rows(rings(500, 0))


def test_a_young_gan_is_told_from_real_rows(model):
    found = gan_accuracy(model, rings(300, 1), seed=0)
    assert found.own.value > 0.5  # a higher answer is a more real row
    assert found.own_p_value < 0.05
    assert found.fresh.found.auc.low > 0.5
    assert (found.n, found.fresh.found.n) == (300, 150)
    assert "chance is 50 %" in found.sentence()


def test_its_own_draws_are_chance(model):
    found = gan_accuracy(model, model.sample_rows(300, 99), seed=0)
    assert found.own.low <= 0.5 <= found.own.high
    assert found.fresh.found.auc.low <= 0.5 <= found.fresh.found.auc.high


def test_a_seed_decides(model):
    first, second = (gan_accuracy(model, rings(60, 1), seed=4, family="logistic") for _ in range(2))
    assert (first.own, first.fresh.found.auc) == (second.own, second.fresh.found.auc)


def test_refusals(model):
    with pytest.raises(ShapeError, match="10 held-out rows"):
        gan_accuracy(model, rings(9, 1), seed=0)
    with pytest.raises(InputError, match="encode them with the model"):
        gan_accuracy(model, plain(20, 1), seed=0)
