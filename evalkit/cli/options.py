"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from evalkit.core.schema import Modality

DataArgument = Annotated[
    Path, typer.Argument(help="A table (.csv, .tsv, .parquet, .feather, .jsonl), texts, images or series.", show_default=False)
]
ModelArgument = Annotated[Path, typer.Argument(help="A folder that evalkit saved a model in.", show_default=False)]
OutOption = Annotated[
    Path,
    typer.Option("--out", help="Where to write; the ending says in which form: .parquet, .csv, .jsonl, .npz …", show_default=False),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same result.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
StoreOption = Annotated[
    str | None,
    typer.Option("--store", help="sqlite:///FILE or postgresql+psycopg://…; by default EVALKIT_STORE, else a file of yours."),
]
ModalityOption = Annotated[Modality | None, typer.Option("--modality", help="What the data are; by default found out.")]
ColumnOption = Annotated[str | None, typer.Option("--column", help="The column that holds the texts.")]
