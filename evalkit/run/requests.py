"""What a job can be asked to do: one request a verb, told apart by the literal ``verb``."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter

from evalkit.anomaly.detection import Effort
from evalkit.core.schema import Modality

Verb = Literal["detect", "fit", "evaluate"]
MOST_GENERATORS = 6


class DetectSettings(BaseModel):
    """What a user chooses for a detection; see :func:`evalkit.run.detect.detect`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fdr: float = Field(default=0.05, gt=0, lt=1)
    seed: int = 0
    effort: Effort = "default"
    id_column: str | None = None
    ignore: tuple[str, ...] = ()


class FitSettings(BaseModel):
    """What a user chooses for a fit; see :func:`evalkit.run.fit.fit`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str
    steps: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    trials: int | None = Field(default=None, ge=1)
    ignore: tuple[str, ...] = ()
    modality: Modality | None = None
    column: str | None = None
    device: str = "cpu"
    seed: int = Field(default=0, ge=0)


class EvaluateSettings(BaseModel):
    """What a user chooses for a comparison of generators; see :func:`evalkit.run.evaluate.evaluate`.

    Attributes:
        modality: what the reference is made of; None: found out from it.
        metrics: names in the catalogue; None: the usual ones.
        extractor: what the figures see; None: the usual one.
        curves: whether figures are also shown over the number of rows.
        slices: by what the rows are sliced; None: not at all.
        column_groups: columns that a table is compared by once more, by the group's name.
        seed: of every draw.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    modality: Modality | None = None
    metrics: tuple[str, ...] | None = None
    extractor: str | None = None
    curves: bool = False
    slices: str | None = None
    column_groups: dict[str, tuple[str, ...]] = {}
    seed: int = Field(default=0, ge=0)


class Given(BaseModel):
    """A generator whose rows are in files.

    Attributes:
        data: an absolute path of a file, or of a folder of images, texts or recordings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["given"] = "given"
    data: Path


class Drawn(BaseModel):
    """A generator that rows are drawn from when the comparison begins.

    Attributes:
        model: the folder of a fitted backbone.
        rows: how many; None: as many as the reference has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["drawn"] = "drawn"
    model: Path
    rows: int | None = Field(default=None, ge=1)


class Made(BaseModel):
    """A generator made of one half of the real rows; the reference is then the other half.

    Attributes:
        how: ``"half"``: the rows as they are, which no generator can do better than; ``"shuffled"``: every column in an order of
            its own, so that each is right by itself and nothing fits together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["made"] = "made"
    how: Literal["half", "shuffled"]


Generated = Annotated[Given | Drawn | Made, Field(discriminator="kind")]
"""Where a generator's rows come from."""


class DetectRequest(BaseModel):
    """Find the rows that do not belong.

    Attributes:
        data: an absolute path, or one inside the job's folder.
        reference: likewise, or None to compare the table with its own bulk.
        sample: name of the sample that the data are, or None for the user's own.
        settings: the user's choices.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["detect"] = "detect"
    data: Path
    reference: Path | None = None
    sample: str | None = None
    settings: DetectSettings = DetectSettings()


class FitRequest(BaseModel):
    """Fit a backbone.

    Attributes:
        data: an absolute path, or one inside the job's folder.
        sample: name of the sample that the data are, or None for the user's own.
        settings: the user's choices.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["fit"] = "fit"
    data: Path
    sample: str | None = None
    settings: FitSettings


class EvaluateRequest(BaseModel):
    """Hold generators against a reference.

    Attributes:
        data: the reference: an absolute path, or one inside the job's folder.
        generators: where each one's rows come from, by the name that the user gave it.
        fitted: the rows that the generators were fitted to, likewise, if they are known.
        sample: name of the sample that the reference is, or None for the user's own.
        settings: the user's choices.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["evaluate"] = "evaluate"
    data: Path
    generators: dict[str, Generated] = Field(min_length=1, max_length=MOST_GENERATORS)
    fitted: Path | None = None
    sample: str | None = None
    settings: EvaluateSettings = EvaluateSettings()


def _verb(request: Any) -> Any:
    """The verb; the first jobs that were kept on disk were detections and did not say so."""
    return request.get("verb", "detect") if isinstance(request, dict) else request.verb


AnyRequest = DetectRequest | FitRequest | EvaluateRequest

Request = Annotated[
    Annotated[DetectRequest, Tag("detect")] | Annotated[FitRequest, Tag("fit")] | Annotated[EvaluateRequest, Tag("evaluate")],
    Discriminator(_verb),
]
"""Whatever a job can be asked for."""

REQUEST: TypeAdapter[AnyRequest] = TypeAdapter(Request)
