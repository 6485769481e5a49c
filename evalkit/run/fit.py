"""``fit``: fit one backbone to a sample and save it; stopped or killed, it can be resumed."""

import shutil
from pathlib import Path

from evalkit.backbones import BACKBONES
from evalkit.backbones.base import Backbone
from evalkit.core.errors import InputError
from evalkit.core.progress import Progress, silent
from evalkit.run.detect import Data, read
from evalkit.run.models import save


def fit(
    data: Data,
    backbone: str,
    out: str | Path,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    ignore: tuple[str, ...] = (),
    resume: bool = False,
    seed: int = 0,
    progress: Progress = silent,
) -> Backbone:
    """Fit a backbone and save it.

    While it trains, checkpoints lie in ``OUT.training`` beside the model; after ``kill -9`` the same call with ``resume`` goes on
    from the last one and ends with the same bytes as an uninterrupted run. The folder is removed once the model is saved.

    Args:
        data: what to fit.
        backbone: a name in :data:`evalkit.backbones.BACKBONES`.
        out: folder for the model.
        steps: training steps; by default as many as the rows call for, ended early by the held-out loss.
        minutes: a time budget instead of steps. The result then depends on the machine's speed.
        ignore: columns to leave out.
        resume: go on from ``OUT.training``.
        seed: same seed, same bytes.
        progress: see :mod:`evalkit.core.progress`.

    Raises:
        InputError: an unknown backbone, both steps and minutes, nothing to resume, or unusable data.
    """
    if backbone not in BACKBONES:
        raise InputError(f"there is no backbone {backbone!r}: choose one of {', '.join(BACKBONES)}")
    if steps is not None and minutes is not None:
        raise InputError("give --steps or --minutes, not both")
    out = Path(out)
    training = out.with_name(f"{out.name}.training")
    if resume and not training.is_dir():
        raise InputError(f"there is nothing to resume, no {training.name} beside the model: run without --resume")
    if not resume and training.is_dir():
        shutil.rmtree(training)
    model = BACKBONES[backbone].load()(steps=steps, minutes=minutes, random_state=seed)
    model.fit(read(data, id_column=None, ignore=ignore), progress=progress, folder=training, resume=resume)
    save(model, out)
    if training.is_dir():
        shutil.rmtree(training)
    return model
