"""``evalkit demo`` and ``evalkit app``."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.cli.options import SeedOption

if TYPE_CHECKING:
    from evalkit.run.demo import Stop

PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on 127.0.0.1.")]


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for what the tour writes.")] = Path("demo"),
    open_app: Annotated[bool, typer.Option("--app/--no-app", help="Open the app at the end.")] = True,
    seed: SeedOption = 0,
) -> None:
    """Take the tour on data that ship with evalkit: no network, under three minutes."""
    from evalkit.core.progress import shown
    from evalkit.run.demo import demo as run_demo

    with shown() as progress:
        run_demo(out, seed=seed, show=_show, progress=progress)
    if open_app:
        app()


def app(
    port: PortOption = 8501,
    only_rating: Annotated[
        bool, typer.Option("--only-rating", help="Only the pages of raters and organisers: for a public address.")
    ] = False,
) -> None:
    """Open the app in the browser. It listens on this machine only."""
    from evalkit.core.bundled import bundled
    from evalkit.core.extras import extra

    with extra("app"):
        import streamlit  # noqa: F401

    _say_organiser(port)
    script = bundled("apps") / "streamlit_app.py"
    flags = ["--server.address=127.0.0.1", f"--server.port={port}"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *flags]
    # Taking this process's place hands every signal to the server: nothing is left behind when it is ended.
    os.execve(sys.executable, command, os.environ | ({"EVALKIT_ONLY_RATING": "1"} if only_rating else {}))  # noqa: S606


def _say_organiser(port: int) -> None:
    """The way into the organiser's pages: whoever starts the app is the organiser."""
    from evalkit.core.errors import EvalkitError
    from evalkit.study import Store
    from evalkit.study.raters import new_organiser

    try:
        with Store() as store:
            token = new_organiser(store, days=1)
    except EvalkitError as error:
        typer.echo(f"Studies cannot be opened now: {error}", err=True)
    else:
        typer.echo(f"For the organiser of studies, today: http://127.0.0.1:{port}/study?organiser={token}")


def _show(stop: "Stop") -> None:
    typer.echo("\n".join(["", stop.title, "-" * len(stop.title), *stop.lines]))
