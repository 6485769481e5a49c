"""The recurrent language model: LSTM and GRU."""

from evalkit.backbones.recurrent_lm.backbone import RecurrentLM

__all__ = ["RecurrentLM"]
