"""What a person said of the rows of a detection: kept with the job as soon as it is said."""

from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from evalkit.core.files import whole_file

Verdict = Literal["real", "false alarm", "unsure"]
_FILE = "verdicts.json"
_KEPT: TypeAdapter[dict[int, Verdict]] = TypeAdapter(dict[int, Verdict])


def verdicts(folder: Path) -> dict[int, Verdict]:
    """The verdicts on a job's rows, by the row's position in the table."""
    path = folder / _FILE
    return _KEPT.validate_json(path.read_bytes()) if path.exists() else {}


def say(folder: Path, row: int, verdict: Verdict | None) -> None:
    """Keep a verdict on a row; None takes it back."""
    said = verdicts(folder)
    if verdict is None:
        said.pop(row, None)
    else:
        said[row] = verdict
    with whole_file(folder / _FILE) as path:
        path.write_bytes(_KEPT.dump_json(dict(sorted(said.items()))))
