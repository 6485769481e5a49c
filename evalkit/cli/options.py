"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataArgument = Annotated[Path, typer.Argument(help="A table: .csv, .tsv, .parquet, .feather or .jsonl.", show_default=False)]
ModelArgument = Annotated[Path, typer.Argument(help="A folder that evalkit saved a model in.", show_default=False)]
OutOption = Annotated[Path, typer.Option("--out", help="Where to write: .parquet or .csv.", show_default=False)]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same result.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
