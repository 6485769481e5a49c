"""Diffusion models: rows are noised step by step, and a network learns the way back."""

from evalkit.backbones.diffusion.backbone import Diffusion

__all__ = ["Diffusion"]
