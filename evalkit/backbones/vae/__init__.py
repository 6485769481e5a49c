"""The variational autoencoder for tables."""

from evalkit.backbones.vae.backbone import VAE

__all__ = ["VAE"]
