"""What a case of the catalogue is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.core.schema import Modality

SECRET = "hunter2-7351-Zaphod"  # noqa: S105 - a marker, not a password
"""Stands in the data of every case that can hold it; no message may repeat it."""


@dataclass(frozen=True)
class BadInput:
    """One bad input.

    Attributes:
        suffix: the file's.
        data: the file's bytes, or what writes the file.
        says: pieces that the sentence has to hold: the column, the row, the line.
        problem: for an input that has a defined result: a piece of the Problem that tells the user; empty when nothing is odd.
        refused: whether reading it is an error.
        reference: bytes of a CSV file under whose schema the data are read.
        modality: what the case is about; doors that take tables only refuse the others in a sentence of their own.
        settings: how ``load`` is called.
    """

    suffix: str
    data: bytes | Callable[[Path], None]
    says: tuple[str, ...] = ()
    problem: str = ""
    refused: bool = True
    reference: bytes | None = None
    modality: Modality = "table"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        path = folder / f"bad{self.suffix}"
        if callable(self.data):
            self.data(path)
        else:
            path.write_bytes(self.data)
        return path


def result(suffix: str, data: bytes | Callable[[Path], None], problem: str = "", reference: bytes | None = None) -> BadInput:
    """A case with a defined result."""
    return BadInput(suffix, data, problem=problem, refused=False, reference=reference)
