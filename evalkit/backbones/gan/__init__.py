"""The generative adversarial network: one game, one stop rule, and a pair of networks for each modality."""

from evalkit.backbones.gan.backbone import GAN

__all__ = ["GAN"]
