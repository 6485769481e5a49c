"""Samples so far: a few rows that a fit drew on its way, always with the same seeds, and as many real ones to hold beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evalkit.core.files import whole_file
from evalkit.core.sample import Sample, Series
from evalkit.core.schema import Modality, Schema
from evalkit.core.seeds import generator
from evalkit.data import load
from evalkit.data.series_encoding import SeriesEncoder
from evalkit.run.outputs import steps_schema, write_sample

N_DRAWN: Mapping[Modality, int] = {"table": 8, "images": 24, "texts": 3, "series": 4}
"""How many rows are drawn for a look."""

MOST_KEPT = 24
_REAL, _FINAL, _MISSED = "real", "final", "missed.txt"
_ENDINGS: Mapping[Modality, str] = {"table": ".parquet", "images": ".npz", "texts": ".parquet", "series": ".parquet"}


@dataclass(frozen=True)
class Previews:
    """The samples that one job has kept, each a file with its schema beside it.

    Attributes:
        folder: where they lie; made with the first one.
    """

    folder: Path

    def keep_real(self, sample: Sample, seed: int) -> None:
        """Keep as many real rows as are drawn, chosen at random; of series windows of the length that is drawn."""
        sample = _windows_of(sample) if isinstance(sample, Series) else sample
        n = min(N_DRAWN[sample.schema.modality], len(sample))
        self._keep(_REAL, sample.take(np.sort(generator(seed, "preview").choice(len(sample), n, replace=False))))

    def keep(self, step: int, sample: Sample) -> None:
        """Keep what was drawn at a step; of too many, every second one goes."""
        self._keep(f"{step:09d}", sample)
        if len(steps := self.steps()) > MOST_KEPT:
            for old in steps[1:-1:2]:
                self._forget(f"{old:09d}")

    def keep_final(self, sample: Sample) -> None:
        """Keep what the finished model drew."""
        self._keep(_FINAL, sample)

    def miss(self, why: str) -> None:
        """Say why nothing could be drawn at a step."""
        with whole_file(self.folder / _MISSED) as path:
            path.write_text(why, encoding="utf-8")

    def missed(self) -> str | None:
        """Why the last draw that failed did so, or None."""
        path = self.folder / _MISSED
        return path.read_text(encoding="utf-8") if path.exists() else None

    def steps(self) -> list[int]:
        """The steps of which something is kept, rising."""
        return sorted(int(path.name.partition(".")[0]) for path in self.folder.glob("[0-9]*.schema.json"))

    def real(self) -> Sample | None:
        """Real rows, or None before they were kept."""
        return self._kept(_REAL)

    def at(self, step: int) -> Sample | None:
        """What was drawn at a step, or None if it is not kept."""
        return self._kept(f"{step:09d}")

    def final(self) -> Sample | None:
        """What the finished model drew, or None before."""
        return self._kept(_FINAL)

    def _keep(self, name: str, sample: Sample) -> None:
        write_sample(sample, self.folder / f"{name}{_ENDINGS[sample.schema.modality]}")
        schema = steps_schema(sample) if isinstance(sample, Series) else sample.schema
        # The schema comes last: who sees it finds the sample whole.
        with whole_file(self.folder / f"{name}.schema.json") as path:
            path.write_text(schema.model_dump_json(), encoding="utf-8")

    def _kept(self, name: str) -> Sample | None:
        described = self.folder / f"{name}.schema.json"
        if not described.exists():
            return None
        schema = Schema.model_validate_json(described.read_text(encoding="utf-8"))
        return load(self.folder / f"{name}{_ENDINGS[schema.modality]}", schema=schema)

    def _forget(self, name: str) -> None:
        for path in (self.folder / f"{name}.schema.json", *self.folder.glob(f"{name}.*")):
            path.unlink(missing_ok=True)


def _windows_of(series: Series) -> Series:
    """Each window as a series of its own."""
    encoder = SeriesEncoder().fit(series)
    windows = encoder.transform(series)
    alone = replace(windows, entities=np.arange(len(windows)), starts=np.zeros(len(windows), dtype=np.int64))
    return encoder.decode(alone, name=series.name)
