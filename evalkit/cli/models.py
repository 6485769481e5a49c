"""``evalkit fit``, ``sample``, ``reconstruct``, ``interpolate`` and ``score``: one backbone at a time."""

from pathlib import Path
from typing import Annotated

import typer

from evalkit.cli.options import DataArgument, JsonOption, ModelArgument, OutOption, SeedOption


def fit(
    data: DataArgument,
    backbone: Annotated[str, typer.Option("--backbone", help="Which family, for example vae.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Save the model in this folder.", show_default=False)],
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Training steps; by default found from the data.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", min=0.01, help="A time budget instead of steps.")] = None,
    ignore: Annotated[str, typer.Option("--ignore", help="Columns to leave out, separated by commas.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on after an interrupted run.")] = False,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Fit a generative backbone to a table and save it. An interrupted run goes on with --resume."""
    from evalkit.compare.words import held_out_words
    from evalkit.core.progress import shown
    from evalkit.run.fit import fit as run_fit

    columns = tuple(name.strip() for name in ignore.split(",") if name.strip())
    with shown() as progress:
        fitted = run_fit(
            data, backbone, out, steps=steps, minutes=minutes, ignore=columns, resume=resume, seed=seed, progress=progress
        )
    if json:
        typer.echo(fitted.held_out_.model_dump_json(indent=1))
    else:
        typer.echo(f"{held_out_words(fitted.held_out_)}\nModel: {out}\nNext: evalkit sample {out} --n 100 --out generated.csv")


def sample(
    model: ModelArgument,
    n: Annotated[int, typer.Option("--n", min=1, help="How many rows.", show_default=False)],
    out: OutOption,
    seed: SeedOption = 0,
) -> None:
    """Draw new rows from a saved backbone."""
    from evalkit.run.generate import sample as run_sample

    run_sample(model, n, out, seed=seed)
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
