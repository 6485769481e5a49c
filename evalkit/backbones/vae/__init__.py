"""The variational autoencoder: one bound, and a network for each modality."""

from evalkit.backbones.vae.backbone import VAE

__all__ = ["VAE"]
