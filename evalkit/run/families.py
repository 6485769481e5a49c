"""Which families there are for a modality, as the doors show them; light, no torch."""

from evalkit.backbones import BACKBONES, BackboneSpec
from evalkit.core.schema import Modality

AUTO = "auto"
"""Instead of a family: compare all of them and keep the best."""


def families(modality: Modality) -> dict[str, BackboneSpec]:
    """The families that can be fitted to a modality, by name, in the catalogue's order.

    >>> "vae" in families("table")
    True
    """
    return {name: spec for name, spec in BACKBONES.items() if modality in spec.modalities}


def title_of(backbone: str) -> str:
    """A family's title, also for ``auto``, which compares all of them.

    >>> title_of("auto")
    'Best of all families'
    """
    return BACKBONES[backbone].title if backbone in BACKBONES else "Best of all families"
