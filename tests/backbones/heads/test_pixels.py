import numpy as np
import pytest
import torch
from scipy.stats import logistic

from evalkit.backbones.heads.pixels import BernoulliHead, LogisticHead
from evalkit.core.seeds import generator

LEVELS = torch.arange(256, dtype=torch.float64).reshape(256, 1, 1, 1) / 255


@pytest.mark.parametrize("center", [-30.0, -1.0, -0.98, 0.1, 1.0, 5.0])
@pytest.mark.parametrize("log_width", [-20.0, -6.0, -2.0, 1.0, 20.0])
def test_the_probabilities_of_the_256_levels_add_up_to_one(center: float, log_width: float) -> None:
    outputs = torch.tensor([center, log_width], dtype=torch.float64).reshape(1, 2, 1, 1).expand(256, 2, 1, 1)
    surprise = LogisticHead().surprise(LEVELS, outputs)
    assert torch.isfinite(surprise).all()
    assert float(torch.exp(-surprise).sum()) == pytest.approx(1, abs=1e-9)


def test_a_level_has_the_probability_of_its_interval() -> None:
    outputs = torch.tensor([0.2, -2.0], dtype=torch.float64).reshape(1, 2, 1, 1).expand(256, 2, 1, 1)
    probability = torch.exp(-LogisticHead().surprise(LEVELS, outputs)).flatten().numpy()
    edges = np.concatenate([[-np.inf], (2 * np.arange(1, 256) - 1) / 255 - 1, [np.inf]])
    np.testing.assert_allclose(probability, np.diff(logistic.cdf(edges, 0.2, np.exp(-2.0))), rtol=1e-9)


def test_single_precision_tells_white_from_nearly_white() -> None:
    outputs = torch.tensor([1.0, -6.0]).reshape(1, 2, 1, 1).expand(256, 2, 1, 1)
    exact = LogisticHead().surprise(LEVELS, outputs.double())
    torch.testing.assert_close(LogisticHead().surprise(LEVELS.float(), outputs).double(), exact, rtol=1e-3, atol=1e-3)


def test_outputs_may_have_draws_in_front_and_each_pixel_has_its_own() -> None:
    random = generator(0, "pixels")
    pixels, outputs = torch.tensor(random.random((3, 2, 4, 5))), torch.tensor(random.normal(size=(6, 3, 4, 4, 5)))
    head = LogisticHead()
    surprise = head.surprise(pixels, outputs)
    assert surprise.shape == (6, 3, 2, 4, 5)
    one = head.surprise(pixels[1:2, 1:2, 2:3, 3:4], outputs[4, 1:2, [1, 3], 2:3, 3:4])
    assert float(surprise[4, 1, 1, 2, 3]) == pytest.approx(float(one), rel=1e-12)


def test_the_expected_pixel_is_the_likeliest_level() -> None:
    outputs = torch.tensor([[-9.0, 0.0], [0.3, -4.0], [9.0, 0.0]], dtype=torch.float64).reshape(3, 2, 1, 1)
    expected = LogisticHead().expected(outputs).flatten()
    for i, level in enumerate(expected):
        surprise = LogisticHead().surprise(LEVELS, outputs[i : i + 1].expand(256, 2, 1, 1)).flatten()
        assert int(surprise.argmin()) == round(float(level) * 255)


def test_bernoulli_is_the_cross_entropy() -> None:
    pixels, logits = torch.tensor([[[[0.0, 1.0, 0.25]]]]), torch.tensor([[[[-1.0, 2.0, 0.5]]]])
    share = torch.sigmoid(logits)
    wanted = -(pixels * share.log() + (1 - pixels) * (1 - share).log())
    torch.testing.assert_close(BernoulliHead().surprise(pixels, logits), wanted)
    torch.testing.assert_close(BernoulliHead().expected(logits), share)
