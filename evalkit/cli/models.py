"""``evalkit fit``, ``sample``, ``reconstruct``, ``interpolate`` and ``score``: one backbone at a time."""

from pathlib import Path
from typing import Annotated

import typer

from evalkit.backbones import BACKBONES
from evalkit.cli.options import (
    ColumnOption,
    DataArgument,
    JsonOption,
    ModalityOption,
    ModelArgument,
    OutOption,
    SeedOption,
    StoreOption,
)


def fit(
    data: DataArgument,
    backbone: Annotated[
        str, typer.Option("--backbone", help=f"{', '.join(BACKBONES)}, or auto to compare them.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="Save the model in this folder.", show_default=False)],
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Training steps; by default found from the data.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", min=0.01, help="A time budget instead of steps.")] = None,
    tune: Annotated[int | None, typer.Option("--tune", min=1, help="Search the settings with so many trials first.")] = None,
    start: Annotated[Path | None, typer.Option("--from", help="Go on from this saved model of the family.")] = None,
    votes: Annotated[
        str | None,
        typer.Option("--votes", help="Learn from the votes of this study; with --shown, of a table: preferred, rejected, weight."),
    ] = None,
    seen: Annotated[Path | None, typer.Option("--shown", help="What a table of votes is about; it names these rows.")] = None,
    store: StoreOption = None,
    ignore: Annotated[str, typer.Option("--ignore", help="Columns to leave out, separated by commas.")] = "",
    modality: ModalityOption = None,
    column: ColumnOption = None,
    window: Annotated[int | None, typer.Option("--window", min=1, help="Series: steps a window; by default 64.")] = None,
    vocabulary: Annotated[
        int | None, typer.Option("--vocabulary", min=258, help="Texts: learn so many pieces of words; by default bytes.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="Where to train: cpu or cuda.")] = "cpu",
    resume: Annotated[bool, typer.Option("--resume", help="Go on after an interrupted run.")] = False,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Fit a generative backbone and save it. An interrupted run goes on with --resume."""
    from evalkit.core.progress import shown
    from evalkit.data import load
    from evalkit.run.fit import fit as run_fit

    columns = tuple(name.strip() for name in ignore.split(",") if name.strip())
    with shown() as progress:
        fitted = run_fit(
            data,
            backbone,
            out,
            steps=steps,
            minutes=minutes,
            trials=tune,
            start=start,
            votes=load(votes, modality="table").frame if votes is not None and Path(votes).is_file() else votes,
            shown=seen,
            store=store,
            ignore=columns,
            modality=modality,
            column=column,
            window=window,
            vocabulary=vocabulary,
            device=device,
            resume=resume,
            seed=seed,
            progress=progress,
        )
    if json:
        typer.echo(fitted.model.held_out_.model_dump_json(indent=1))
    else:
        typer.echo("\n".join([*fitted.lines(), f"Model: {out}", f"Next: evalkit sample {out} --n 100 --out generated.csv"]))


def sample(
    model: ModelArgument,
    n: Annotated[int, typer.Option("--n", min=1, help="How many rows.", show_default=False)],
    out: OutOption,
    condition: Annotated[str | None, typer.Option("--condition", help="A caption, how texts begin, or COLUMN=VALUE.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Draw new rows from a saved backbone."""
    from evalkit.run.generate import sample as run_sample

    run_sample(model, n, out, condition=condition, seed=seed)
    typer.echo(f"{n:,} rows drawn.\nRows: {out}")


def reconstruct(model: ModelArgument, data: DataArgument, out: OutOption) -> None:
    """Show what a saved backbone makes of given rows."""
    from evalkit.run.generate import reconstruct as run_reconstruct

    typer.echo(f"{run_reconstruct(model, data, out):,} rows reconstructed.\nRows: {out}")


def interpolate(
    model: ModelArgument,
    data: DataArgument,
    first: Annotated[int, typer.Option("--from", min=0, help="Row to start from, counted from 0.", show_default=False)],
    last: Annotated[int, typer.Option("--to", min=0, help="Row to end at, counted from 0.", show_default=False)],
    out: OutOption,
    steps: Annotated[int, typer.Option("--steps", min=2, help="How many rows, both ends included.")] = 5,
) -> None:
    """Walk from one row to another through a saved backbone's latent space."""
    from evalkit.run.generate import interpolate as run_interpolate

    run_interpolate(model, data, first, last, out, steps=steps)
    typer.echo(f"{steps} rows from row {first} to row {last}.\nRows: {out}")


def score(model: ModelArgument, data: DataArgument, out: OutOption) -> None:
    """Score every row with a saved detector or backbone: higher = more anomalous."""
    from evalkit.run.score import score as run_score

    typer.echo(f"{run_score(model, data, out):,} rows scored.\nScores: {out}")
