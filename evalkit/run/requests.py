"""What a job can be asked to do: one request a verb, told apart by the literal ``verb``."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter

from evalkit.anomaly.detection import Effort
from evalkit.core.schema import Modality

Verb = Literal["detect", "fit"]


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


def _verb(request: Any) -> Any:
    """The verb; the first jobs that were kept on disk were detections and did not say so."""
    return request.get("verb", "detect") if isinstance(request, dict) else request.verb


Request = Annotated[
    Annotated[DetectRequest, Tag("detect")] | Annotated[FitRequest, Tag("fit")],
    Discriminator(_verb),
]
"""Whatever a job can be asked for."""

REQUEST: TypeAdapter[DetectRequest | FitRequest] = TypeAdapter(Request)
