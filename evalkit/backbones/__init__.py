"""Generative models of a Sample behind one protocol. ``BACKBONES`` names the families; each loads on use."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from evalkit.core.schema import Modality

if TYPE_CHECKING:
    from evalkit.backbones.base import Backbone


@dataclass(frozen=True)
class BackboneSpec:
    """One family as the doors show it: light, no torch.

    Attributes:
        name: the name on the command line and in a model file.
        title: the name in the app.
        what_it_is: one sentence for somebody who must choose.
        modalities: what it can be fitted to.
        module, class_name: where it lives.
    """

    name: str
    title: str
    what_it_is: str
    modalities: tuple[Modality, ...]
    module: str
    class_name: str

    def load(self) -> "type[Backbone]":
        """The class; imports torch."""
        family: type[Backbone] = getattr(import_module(self.module), self.class_name)
        return family


BACKBONES: dict[str, BackboneSpec] = {
    spec.name: spec
    for spec in (
        BackboneSpec(
            name="vae",
            title="Variational autoencoder",
            what_it_is="Squeezes each row through a small code: fast, gives likelihoods, draws rows and fills in missing values.",
            modalities=("table", "images", "series", "texts"),
            module="evalkit.backbones.vae",
            class_name="VAE",
        ),
        BackboneSpec(
            name="gan",
            title="Generative adversarial network",
            what_it_is="Draws rows that a discriminator cannot tell from real ones; says when it is done and what went wrong.",
            modalities=("table", "images", "series"),
            module="evalkit.backbones.gan",
            class_name="GAN",
        ),
        BackboneSpec(
            name="diffusion",
            title="Diffusion model",
            what_it_is="Learns to take noise off step by step: draws the most faithful rows, shows the way from noise to each.",
            modalities=("table", "images", "series"),
            module="evalkit.backbones.diffusion",
            class_name="Diffusion",
        ),
        BackboneSpec(
            name="recurrent_lm",
            title="Recurrent language model",
            what_it_is="Reads token by token, or step by step, through an LSTM or GRU: exact surprisal of each, completion.",
            modalities=("texts", "series"),
            module="evalkit.backbones.recurrent_lm",
            class_name="RecurrentLM",
        ),
        BackboneSpec(
            name="transformer_lm",
            title="Transformer language model",
            what_it_is="Predicts each token, column or step from those before it: exact surprisal of each, completion, attention.",
            modalities=("table", "images", "texts", "series"),
            module="evalkit.backbones.transformer_lm",
            class_name="TransformerLM",
        ),
    )
}

__all__ = ["BACKBONES", "BackboneSpec"]
