"""Save a fitted detector or backbone, and load it again."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from evalkit.anomaly import AnomalyDetector
from evalkit.backbones import BACKBONES
from evalkit.backbones.checkpoint import load_state, save_state
from evalkit.core.errors import InputError, ModelError
from evalkit.features.saved import KIND as EXTRACTOR

if TYPE_CHECKING:
    # torch takes two seconds to load, and a detector without backbones does not need it.
    from evalkit.backbones.base import Backbone

DETECTOR = "anomaly_detector"

Model: TypeAlias = "AnomalyDetector | Backbone"


def save(model: Model, folder: str | Path) -> None:
    """Write a fitted detector or backbone into a folder: JSON and safetensors, hashed, without any code.

    The same fitted model gives the same bytes. A crash leaves the old model or the new one.

    Args:
        model: a fitted :class:`~evalkit.AnomalyDetector` or backbone.
        folder: where to; made if it is not there, replaced if it holds a model.

    Raises:
        InputError: the folder is there and holds something else than a model.
    """
    save_state(Path(folder), _kind(model), model.to_state())


def load_model(folder: str | Path) -> Model:
    """Load what :func:`save` wrote. Loading runs no code from the folder and checks its hash.

    Raises:
        ModelError: the folder holds no model, or one that is damaged, was changed, or needs a newer evalkit.
    """
    kind, state = load_state(Path(folder))
    if kind == DETECTOR:
        return AnomalyDetector.from_state(state)
    if kind in BACKBONES:
        return BACKBONES[kind].load().from_state(state)
    if kind.startswith(EXTRACTOR):
        raise ModelError(
            f"{Path(folder).name} holds an extractor of features and no model: evalkit evaluate … --extractor takes it"
        )
    raise ModelError(f"{Path(folder).name} holds a model of a kind that this evalkit does not know: install a newer one")


def load_detector(folder: str | Path) -> AnomalyDetector:
    """As :func:`load_model`, for a model that must be a detector."""
    model = load_model(folder)
    if not isinstance(model, AnomalyDetector):
        raise InputError(
            f"{Path(folder).name} holds a {type(model).__name__}, a detector is needed: evalkit detect … --save makes one"
        )
    return model


def load_backbone(folder: str | Path) -> "Backbone":
    """As :func:`load_model`, for a model that must be a backbone."""
    model = load_model(folder)
    if isinstance(model, AnomalyDetector):
        raise InputError(f"{Path(folder).name} holds a detector, a backbone is needed: evalkit fit … makes one")
    return model


def _kind(model: Model) -> str:
    if isinstance(model, AnomalyDetector):
        return DETECTOR
    for name, spec in BACKBONES.items():
        if type(model) is spec.load():
            return name
    raise InputError(f"{type(model).__name__} is no detector and no backbone of the catalogue")
