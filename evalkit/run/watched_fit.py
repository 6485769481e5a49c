"""A fit whose job keeps what a page can watch: the curve as it grows, and what the model draws on its way."""

import time
from pathlib import Path

from evalkit.backbones import BACKBONES
from evalkit.compare.words import held_out_words
from evalkit.core.errors import EvalkitError
from evalkit.core.progress import Progress, Step
from evalkit.run.curve import CurveWriter
from evalkit.run.fit import Fitted, fit, read_sample
from evalkit.run.jobs import FitOutcome, Job
from evalkit.run.models import load_backbone
from evalkit.run.previews import N_DRAWN, Previews
from evalkit.run.requests import FitRequest

FIRST_PAUSE_SECONDS = 1.0
_SHARE_FOR_DRAWING = 0.1


def watched_fit(job: Job, request: FitRequest, progress: Progress) -> None:
    """Fit as the request says and leave the model, its curve and its draws in the job's folder.

    A job that was stopped or killed goes on from its last checkpoint.
    """
    chosen = request.settings
    sample = read_sample(request.data, ignore=chosen.ignore, modality=chosen.modality, column=chosen.column)
    n = N_DRAWN[sample.schema.modality]
    job.previews.keep_real(sample, chosen.seed)
    curve, draws = CurveWriter(job.folder), _Draws(job.previews, n)

    def watched(step: Step) -> None:
        curve.add(step)
        progress(step)
        draws.see(step)

    training = job.model.with_name("model.training")
    fitted = _saved(job.model, training) or fit(
        sample,
        chosen.backbone,
        job.model,
        steps=chosen.steps,
        minutes=chosen.minutes,
        trials=chosen.trials,
        device=chosen.device,
        resume=training.is_dir(),
        seed=chosen.seed,
        progress=watched,
    )
    model = fitted.model
    job.previews.keep_final(model.sample(n, random_state=chosen.seed))
    further = tuple(line for line in fitted.lines() if line != held_out_words(model.held_out_))
    job.finish(FitOutcome(backbone=fitted.family, held_out=model.held_out_, lines=further))


def _saved(model: Path, training: Path) -> Fitted | None:
    """What was fitted before a stop came between the saving of the model and the job's end."""
    if training.is_dir() or not model.is_dir():
        return None
    backbone = load_backbone(model)
    family = next(name for name, spec in BACKBONES.items() if spec.class_name == type(backbone).__name__)
    return Fitted(backbone, family)


class _Draws:
    """Draws on the way, as often as a tenth of the time allows."""

    def __init__(self, previews: Previews, n: int) -> None:
        self._previews, self._n = previews, n
        self._not_before, self._drawn = 0.0, False

    def see(self, step: Step) -> None:
        """Keep some rows of what is being fitted, if it is time for that."""
        began = time.monotonic()
        if step.preview is None or began < self._not_before:
            return
        try:
            self._previews.keep(step.done, step.preview(self._n))
        except EvalkitError as error:
            # What is drawn early may be too wild to be rows; the fit goes on, and the page says why there is nothing to see.
            self._previews.miss(f"At step {step.done:,} nothing could be drawn: {error}.")
        now = time.monotonic()
        # The first draw also loads what drawing needs; it does not tell how long the next one takes.
        pause = (now - began) / _SHARE_FOR_DRAWING if self._drawn else 0.0
        self._not_before, self._drawn = now + max(FIRST_PAUSE_SECONDS, pause), True
