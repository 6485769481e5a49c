"""A comparison of generators whose rows are read, drawn or made as the job begins, and whose figures the job keeps."""

from collections.abc import Sequence
from pathlib import Path

from evalkit.backbones.base import Backbone
from evalkit.backbones.diffusion import Diffusion
from evalkit.backbones.noise import DrawsFromNoise
from evalkit.compare.words import count, visible
from evalkit.core.progress import Progress, Step
from evalkit.core.sample import Images, Sample, Series
from evalkit.core.seeds import derive_seed
from evalkit.run.jobs import Job
from evalkit.run.made import halves, shuffled
from evalkit.run.models import load_backbone
from evalkit.run.requests import Drawn, EvaluateRequest, Given, Made
from evalkit.run.side_by_side import read_side

FEWEST_SERIES, MOST_DRAWN = 100, 10_000
"""So many rows are drawn from a model where nobody said how many."""


def kept_evaluation(job: Job, request: EvaluateRequest, progress: Progress) -> None:
    """Compare as the request says and leave figures and report in the job's folder."""
    # Metrics and charts take a second to load, and only this verb needs them.
    from evalkit.run.evaluate import evaluate, write_evaluation

    chosen = request.settings
    real, generated = gathered(request, progress)
    evaluation = evaluate(
        real,
        generated,
        fitted=None if request.fitted is None else _read(request.fitted, "the fitted rows", real),
        metrics=chosen.metrics,
        extractor=chosen.extractor,
        curves=chosen.curves,
        slices=chosen.slices,
        column_groups=chosen.column_groups,
        models=_models_of_images(request, real),
        seed=chosen.seed,
        progress=progress,
    )
    evaluation = evaluation.model_copy(
        update={
            "cautions": (*evaluation.cautions, *_cautions(request)),
            "settings": evaluation.settings | {f"rows of {name}": _origin(source) for name, source in request.generators.items()},
        }
    )
    # The report is written last, and says that the job has finished.
    write_evaluation(evaluation, out=job.evidence, report=job.report)


def gathered(request: EvaluateRequest, progress: Progress) -> tuple[Sample, dict[str, Sample]]:
    """The reference and every generator's rows.

    Raises:
        InputError: data cannot be read.
        ModelError: a fitted model is gone or damaged.
    """
    sources = list(request.generators.items())
    progress(Step("reading the real rows", 0, 1))
    real = read_side(request.data, "the real rows", modality=request.settings.modality)
    half: Sample | None = None
    if any(isinstance(source, Made) for _, source in sources):
        real, half = halves(real, request.settings.seed)
    rows: dict[str, Sample] = {}
    for done, (name, source) in enumerate(sources):
        progress(Step("reading and drawing rows", done, len(sources)))
        rows[name] = _rows(name, source, real, half, derive_seed(request.settings.seed, "evaluate", "draw", done))
    return real, rows


def _models_of_images(request: EvaluateRequest, real: Sample) -> dict[str, Backbone]:
    """The models that images were drawn from, where they draw them from noise in one go.

    Others have no path length, or, as a Diffusion, one that takes minutes, and nobody asked.
    """
    if not isinstance(real, Images):
        return {}
    fits = {name: load_backbone(source.model) for name, source in request.generators.items() if isinstance(source, Drawn)}
    return {name: model for name, model in fits.items() if isinstance(model, DrawsFromNoise) and not isinstance(model, Diffusion)}


def _read(data: Path, whose: str, real: Sample) -> Sample:
    return read_side(data, whose, modality=real.schema.modality, schema=real.schema)


def _rows(name: str, source: Given | Drawn | Made, real: Sample, half: Sample | None, seed: int) -> Sample:
    if isinstance(source, Given):
        return _read(source.data, f"generator {visible(name, 60)!r}", real)
    if isinstance(source, Drawn):
        return load_backbone(source.model).sample(source.rows or _as_many_as(real), random_state=seed)
    if half is None:
        raise AssertionError("rows are made where there is a half to make them of")
    return half if source.how == "half" else shuffled(half, seed)


def _as_many_as(real: Sample) -> int:
    # One long series is compared window by window, and a drawn series is about one window.
    fewest = FEWEST_SERIES if isinstance(real, Series) else 1
    return min(max(len(real), fewest), MOST_DRAWN)


def _cautions(request: EvaluateRequest) -> Sequence[str]:
    sources = request.generators.values()
    said = []
    if any(isinstance(source, Made) for source in sources):
        said.append("Half of the real rows served to make a generator of; the other half is the reference.")
    if any(isinstance(source, Drawn) for source in sources):
        said.append(
            "Models drawn from may have been trained on these real rows: a model that learned them by heart looks good here."
        )
    return said


def _origin(source: Given | Drawn | Made) -> str:
    if isinstance(source, Given):
        return f"read from {visible(source.data.name, 60)}"
    if isinstance(source, Drawn):
        number = "as many as the reference has" if source.rows is None else count(source.rows)
        return f"drawn from the model of run {source.model.parent.name}, {number}"
    return "half of the real rows" if source.how == "half" else "half of the real rows, every column in an order of its own"
