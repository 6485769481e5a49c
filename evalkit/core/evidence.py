"""Evidence: one figure with everything needed to believe it, and Failure: the reason why there is none."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, FiniteFloat, JsonValue, PositiveInt, model_validator

Direction = Literal["higher", "lower", "neither"]


class Evidence(BaseModel):
    """One figure, its interval, and where it came from.

    Attributes:
        name: what was measured, for example ``"alarms"`` or ``"frechet"``.
        value: the figure; finite.
        low: lower end of the 95 % interval (or of what ``method`` says), low <= value.
        high: upper end.
        direction: which way is better, ``"neither"`` for a plain description.
        n: rows, pairs or votes behind the figure, >= 1.
        method: how value and interval were found, in words.
        settings: what would have to be the same for two figures to be compared.
        seed: the seed of the run, if any draw was involved.
        provenance: names and content hashes of what went in.

    >>> Evidence(name="share", value=0.5, low=0.4, high=0.6, n=100, method="Clopper-Pearson").direction
    'neither'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["ok"] = "ok"
    name: str
    value: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat
    direction: Direction = "neither"
    n: PositiveInt
    method: str
    settings: dict[str, JsonValue] = {}
    seed: int | None = None
    provenance: dict[str, str] = {}

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.name}: low <= value <= high is needed, got {self.low}, {self.value}, {self.high}")
        return self


class Failure(BaseModel):
    """A figure that could not be computed: shown in its place, never as 0, NaN or a pass.

    Attributes:
        name: what was to be measured.
        reason: why not, in one sentence.
        remedy: what the user can do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["failed"] = "failed"
    name: str
    reason: str
    remedy: str


Finding = Evidence | Failure
