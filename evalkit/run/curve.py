"""The curve of a fit, a line a measurement, written as it grows: what a reload, a kill or a restart must not lose."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict

from evalkit.core.files import whole_file
from evalkit.core.progress import Step

FILE = "curve.jsonl"


class Point(BaseModel):
    """What was measured at one step of one stage.

    Attributes:
        stage: what was being done; comparing families and searching settings have stages of their own.
        step: finished steps of that stage.
        figures: by name, finite.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    step: int
    figures: dict[str, float]


def read_curve(folder: Path) -> list[Point]:
    """All points of a job's folder; a last line that a killed process left unfinished is left out."""
    path = folder / FILE
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [Point.model_validate_json(line) for line in lines if line.endswith("\n")]


def as_frame(points: Sequence[Point], stage: str | None = None) -> pd.DataFrame:
    """The points of one stage as a table of ``step``, ``figure`` and ``value``, a line a figure.

    Args:
        points: of a whole job.
        stage: which one; by default the last.
    """
    stage = stage or (points[-1].stage if points else None)
    lines = [(point.step, name, value) for point in points if point.stage == stage for name, value in point.figures.items()]
    return pd.DataFrame(lines, columns=["step", "figure", "value"])


class CurveWriter:
    """Adds points to a job's curve; a stage that goes on from an earlier step drops what was measured behind it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._points = read_curve(folder)
        self._write()

    def add(self, step: Step) -> None:
        """Write down what a step measured, once."""
        kept = [point for point in self._points if point.stage != step.stage or point.step < step.done]
        figures = {name: value for name, value in step.figures.items() if math.isfinite(value)}
        point = Point(stage=step.stage, step=step.done, figures=figures)
        last = next((point for point in reversed(kept) if point.stage == step.stage), None)
        # The step that ends a stage repeats the figures of the last look.
        fresh = [] if not figures or (last is not None and last.figures == figures) else [point]
        behind = len(kept) < len(self._points)
        self._points = kept + fresh
        if behind:
            self._write()
        elif fresh:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(point.model_dump_json() + "\n")

    def _write(self) -> None:
        with whole_file(self._path) as path:
            path.write_text("".join(point.model_dump_json() + "\n" for point in self._points), encoding="utf-8")
