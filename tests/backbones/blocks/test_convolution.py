import pytest
import torch

from evalkit.backbones.blocks.convolution import ConvolutionBlock, Enlarge, GroupNorm


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (3, 1), (12, 1), (16, 2), (20, 2), (64, 8)])
def test_groups_hold_about_eight_channels(channels: int, groups: int) -> None:
    assert GroupNorm(channels).num_groups == groups


@pytest.mark.parametrize("size", [(1, 1), (3, 8)])
def test_a_block_keeps_the_size_and_looks_at_each_image_alone(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    block, images = ConvolutionBlock(4, 6).double(), torch.randn(3, 4, *size, dtype=torch.float64)
    together = block(images)
    assert together.shape == (3, 6, *size)
    torch.testing.assert_close(block(images[1:2]), together[1:2], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("height", "width"), [(6, 10), (5, 9)])
def test_enlarging_reaches_odd_sizes_too(height: int, width: int) -> None:
    assert Enlarge(4, 2, height, width)(torch.zeros(1, 4, 3, 5)).shape == (1, 2, height, width)
