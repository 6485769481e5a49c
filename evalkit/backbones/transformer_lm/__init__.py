"""The transformer language model."""

from evalkit.backbones.transformer_lm.backbone import Attention, TransformerLM

__all__ = ["Attention", "TransformerLM"]
