import torch
from torch import nn

from evalkit.backbones.gan.stop_rule import accuracy_after_lesson
from evalkit.backbones.gan.vectors import VectorDiscriminator


def rows() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    real = torch.randn(300, 4, generator=random)
    return real, real + 2 * torch.randn(300, 4, generator=random)


def test_one_that_learns_is_alive_and_is_left_as_it_was() -> None:
    torch.manual_seed(0)
    discriminator = VectorDiscriminator(4, 32)
    before = [parameter.clone() for parameter in discriminator.parameters()]
    assert accuracy_after_lesson(discriminator, *rows()) > 0.7
    assert all(torch.equal(old, new) for old, new in zip(before, discriminator.parameters(), strict=True))


def test_one_whose_layers_give_nothing_is_dead() -> None:
    discriminator = VectorDiscriminator(4, 32)
    for parameter in discriminator.parameters():
        nn.init.zeros_(parameter)
    assert accuracy_after_lesson(discriminator, *rows()) == 0.5
