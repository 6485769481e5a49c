"""What all language models share: windows, loss, scoring, drawing, and the n-gram baseline beside them."""

from evalkit.backbones.language.backbone import LanguageModel

__all__ = ["LanguageModel"]
