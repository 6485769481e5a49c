"""How smoothly generators of images move with their noise: perceptual path length of fitted models."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from evalkit.backbones.base import Backbone
from evalkit.backbones.noise import Array, DrawsFromNoise
from evalkit.compare.evaluation import Measured
from evalkit.compare.words import visible
from evalkit.core.errors import CancelledError, EvalkitError, InputError
from evalkit.core.evidence import Evidence, Failure, Finding
from evalkit.core.progress import Progress, Step
from evalkit.core.sample import Images, Sample
from evalkit.features.convolutions import FittedConvolutions
from evalkit.metrics.path_length import path_length
from evalkit.run.measures import PATH_LENGTH
from evalkit.run.measuring import CHANGE, Given
from evalkit.run.models import load_backbone

PAIRS, EPSILON, TRIMMED = 500, 1e-4, 0.01


def read_models(models: Mapping[str, str | Path | Backbone], generators: Iterable[str], real: Sample) -> dict[str, Backbone]:
    """The fitted models by the generators they are of, before the work.

    Raises:
        InputError: the data are no images, or a model is of no generator.
        ModelError: a folder holds no model.
    """
    if models and not isinstance(real, Images):
        raise InputError(f"path lengths are of models of images, got {real.schema.modality}: leave the models out")
    known = list(generators)
    for name in models:
        if name not in known:
            raise InputError(f"there is no generator {visible(name, 60)!r} for its model: name the model as the generator is named")
    return {name: model if isinstance(model, Backbone) else load_backbone(model) for name, model in models.items()}


def measure_paths(models: Mapping[str, Backbone], ours: Given, *, seed: int, progress: Progress) -> list[Measured]:
    """The path length of every model, or why there is none.

    It has no better end: lengths of different kinds of noise say nothing about each other, and that of a generator which always
    draws one image is 0.

    Args:
        models: by generator.
        ours: real images, for what the features see.
        seed: of noises and places.
        progress: see :mod:`evalkit.core.progress`.
    """
    measured = []
    for done, (name, model) in enumerate(models.items()):

        def told(share: float, before: int = done) -> None:
            progress(Step("measuring paths", round(PAIRS * (before + share)), PAIRS * len(models)))

        measured.append(Measured(generator=name, metric=PATH_LENGTH, finding=_found(model, ours, seed, told)))
    return measured


def _found(model: Backbone, ours: Given, seed: int, told: Callable[[float], None]) -> Finding:
    told(0.0)
    try:
        return _evidence(model, ours, seed, told)
    except CancelledError:
        raise
    except EvalkitError as error:
        return Failure(name=PATH_LENGTH, reason=str(error), remedy=CHANGE)


def _evidence(model: Backbone, ours: Given, seed: int, told: Callable[[float], None]) -> Evidence:
    family, sees = type(model).__name__, ours.extractor
    if not isinstance(model, DrawsFromNoise):
        raise InputError(
            f"a path length needs a model that draws images from noise, a VAE, a GAN or a Diffusion, got {family}: leave it out"
        )
    if not isinstance(sees, FittedConvolutions):
        raise InputError(
            f"a path length needs features that see less than a grey level, {sees.name} does not: take self_supervised or "
            "random_convolutions"
        )
    draws_from: Callable[[Array], Array] = model.draws_from
    drawn = 0

    def draw(noise: Array) -> Array:
        nonlocal drawn
        told(min(drawn / (2 * PAIRS), 1.0))
        drawn += len(noise)
        return draws_from(noise)

    found = path_length(draw, model.noise_size_, features=sees.of_shares, pairs=PAIRS, epsilon=EPSILON, trimmed=TRIMMED, seed=seed)
    settings = {"family": family, "latent size": model.noise_size_, "epsilon": EPSILON, "path": "spherical", "trimmed": TRIMMED}
    seen = {"extractor": ours.features.extractor, "extractor digest": ours.features.digest}
    return Evidence(
        name=PATH_LENGTH,
        **found._asdict(),
        n=PAIRS,
        method="trimmed mean over pairs of noises, Tukey-McLaughlin interval",
        settings={**settings, **seen},
        seed=seed,
        provenance={"reference": ours.digest},
    )
